// Package eventloop serves all clients on one goroutine, which waits for all of
// them at once.
//
// # The idea
//
// The kernel knows which sockets are ready. Instead of polling each socket, as
// package busywait does, the server gives the kernel the list once, and then
// asks which of them are ready. That call (epoll_wait, or kevent) blocks until
// at least one is. It is the only call that blocks.
//
//	          ┌─────────────────────────────────────────────┐
//	          ▼                                             │
//	   ┌────────────┐ ready: listener, A, C   ┌───────────┐ │
//	──►│ epoll_wait │ ───────────────────────►│ accept    │ │
//	   └────────────┘                         │ A: read,  │ │
//	     blocks, for all                      │    write  │─┘
//	   ○ ○ ○ ● ○ ○ ● ○ ○ ●                    │ C: read,  │
//	   10,000 clients, three ready            │    write  │
//	                                          └───────────┘
//
// The loop is the method run in loop.go: read it first. server.go starts and ends
// the loops.
//
// This is the reactor pattern. Readiness is level-triggered: the poller reports
// a socket as long as it has unread bytes. So in each iteration of the loop a
// client gets one read (of 64 KiB at most, or more of one long frame) and one
// write, and the other ready clients get theirs before it is served again. The
// loop reads from a few clients before it answers the first of them, so that the
// store can prefetch the keys of all of them together.
//
// A reply is written at once. The loop watches the socket for writing only while
// the socket has not taken the whole reply. While a client's unsent replies exceed
// the output limit, the loop does not watch it for reading, so a slow reader must
// take its replies before it may ask for more. Backpressure needs nothing else.
//
// The poller is package poller's, whose comment states the contract of its
// backends. An event is a hint, not a fact: it may be stale, and meanwhile its
// descriptor's number may belong to another client. The worst consequence is a
// read that finds nothing. It is rare, because the loop closes ended connections
// only at the end of a batch. TestOnAFakeKernel reports readiness in any order
// and without a cause.
//
// # When it is right
//
// It suits many clients of which few are busy. A silent client costs little
// memory, because it needs no stack and no buffer, and it costs no time: with
// 9,900 silent clients a request costs 0.99 times what it costs with none (E6).
// It also suits short requests: no thread is switched, no lock is taken, and one
// system call serves many clients. Redis, memcached and nginx are built this way.
// "The event loop allows it to remain responsive", says the article
// (https://tech-lessons.in/en/blog/many_flavors_of_networking_io).
//
// # When it fails
//
// It fails when a request takes long. The loop has one goroutine, so a store that
// needs ten milliseconds delays all clients by ten milliseconds: head-of-line
// blocking, which TestOneSlowRequestDelaysEveryClient shows. It is the one
// weakness that the article leaves out. With one such request in a hundred, cheap
// requests have a p99 of 9.2 ms; in package multiblocking it is 0.10 ms
// (experiment E10 of go run ./tools/cmd/ioflavors lab --claims). Such work belongs
// on other goroutines, or in package multiblocking. One loop does not use a second
// processor, either. Config.Loops starts several loops, and then the store needs
// locks.
//
// "Handling errors may become tricky". A connection is served in pieces, event by
// event, so the state that package multiblocking has on a stack must be kept by
// hand. Here package session keeps it, and package server keeps the clocks.
// loop.go has the rest.
//
// # The wait, and Go's scheduler
//
// A blocking system call costs a Go program more than the kernel's share of it,
// because Go's scheduler takes part. That decides how this model compares with
// goroutines: see common/rawwait, and the wait of the epoll backend.
package eventloop
