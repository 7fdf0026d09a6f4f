// Package kvpb is the protocol's only message, generated from kv.proto by
// "make generate". Only this comment is written by hand.
//
// People read the message here, and tests use it. The servers read and write it
// with package kv, which defines its meaning (the kinds, the contents of a
// reply). Package frame defines its framing on the wire.
package kvpb
