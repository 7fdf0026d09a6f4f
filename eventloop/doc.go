// Package eventloop serves all clients on one goroutine, which waits for all of
// them at once.
//
// # The idea
//
// The kernel knows which sockets have something to say. Instead of asking each
// of them, as package busywait does, the server hands over the list once, and
// then asks one question: who is ready? The call that asks (epoll_wait, or
// kevent) blocks until somebody is. It is the only one that does.
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
// This is the reactor pattern. Readiness is level-triggered: the poller repeats
// itself as long as there is something to read, so a client gets one read (of
// 64 KiB at most, or more if all of it is one long frame) and one write in each
// turn, and the others get theirs before it is asked again. A few clients are
// read before the first of them is answered, so that the store can look for
// what they all ask for at the same time. A reply is written at once; only when
// the socket takes less than all of it is the poller asked to say when there is
// room. Above the output limit a client is not watched for reading any more: it
// has to take its answers before it may ask on. That is all that backpressure
// needs.
//
// The poller is package poller's, whose comment states the contract of its
// backends. An event is a hint, not a fact: it may be stale, and its
// descriptor's number may have been given to another client meanwhile. All that
// it leads to is a read that may find nothing. Connections that end are closed
// at the end of a batch, which makes that rare. TestOnAFakeKernel reports
// readiness in any order and without a cause.
//
// # When it is right
//
// With many clients of whom few are busy: a silent one costs little memory, no
// stack and no buffer, and no time: with 9,900 of them a request costs 0.99 times
// what it costs with none (E6). With short requests: no thread is switched, no
// lock is taken, and one system call serves many clients. Redis, memcached and
// nginx are built this way. "The event loop allows it to remain responsive", says the
// article (https://tech-lessons.in/en/blog/many_flavors_of_networking_io).
//
// # When it fails
//
// When a request takes long. The loop has one goroutine, and a store that needs
// ten milliseconds keeps everybody waiting for ten milliseconds:
// TestOneSlowRequestDelaysEveryClient shows it, and it is the one thing that
// the article leaves out. With one such request in a hundred, cheap ones have a
// p99 of 9.2 ms; in package multiblocking it is 0.10 (experiment E10 of go run
// ./tools/cmd/ioflavors lab --claims). Such work belongs on other goroutines, or in package
// multiblocking. Nor does one loop use a second processor; Loops runs several,
// and then the store needs locks.
//
// "Handling errors may become tricky": a connection's story is told in pieces,
// event by event, so what package multiblocking keeps on a stack must be kept
// by hand. Here package session keeps it, and package kvserver the clocks; what
// is left is in loop.go.
//
// # The wait, and Go's scheduler
//
// A blocking system call costs a Go program more than the kernel asks for it, and
// that decides how this model compares with goroutines: see common/hold, and the
// epoll backend's wait.
package eventloop
