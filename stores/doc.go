// Package stores opens the stores that keep a server's data outside its memory: a file of
// package bolt, a Redis or Redis Cluster of package redis, and an etcd of package etcd. A
// program that needs only one of them imports that package, which has fewer dependencies.
//
// All of them are safe for concurrent use. They bound the time of each operation, wrap
// their errors in those of package store, try again by themselves when what they depend on
// is back, measure their latency, and do requests that came together in one step. On a
// loop all clients wait for an operation; docs/stores.md helps to choose.
package stores
