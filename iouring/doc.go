// Package iouring serves all clients on one goroutine, for which the kernel
// accepts, receives and sends.
//
// # The idea
//
// Package eventloop asks who is ready, and then makes the calls that move bytes:
// a read and a write for each client. Here they are not made. The server writes
// into a queue, in memory that it shares with the kernel, what it wants done, and
// finds in another queue what has been done. One call (io_uring_enter) hands over
// everything that is queued, and waits until something is done. It is the only
// one that blocks.
//
//	          ┌────────────────────────────────────────────────────┐
//	          ▼                                                    │
//	   ┌────────────────┐ done: listener: a client is 12  ┌──────────────────┐
//	──►│ io_uring_enter │       A: 17 bytes in buffer 3   │ 12: receive      │
//	   └────────────────┘       C: 14 bytes in buffer 4   │  A: send 11      │
//	     blocks, for all   ──────────────────────────────►│  C: send 17      │
//	      ▲          │                                    └──────────────────┘
//	      │ to do    │ done                                 queued, not called
//	   ┌──┴──────────▼───┐
//	   │     kernel      │  accept: again and again
//	   │ ○ ○ ○ ● ○ ● ○ ○ │  receive from each: again and again,
//	   └─────────────────┘  into whichever buffer is free
//
// This is the proactor pattern: completion instead of readiness. A poller says
// that a read is worth making. A ring says that it was made, and where the bytes
// are. That changes three things.
//
// What is to be done is said before it can be. A receive waits in the kernel for
// bytes that may never come. If each had to bring its buffer, 10,000 silent
// clients would hold 10,000 buffers. So buffers are provided to the ring, for all
// clients together, and the kernel takes one when there is something to put into
// it. The server gives it back as soon as the session has read it. If none is
// left, a receive ends with ENOBUFS, what has come stays in the socket, and the
// client is asked again. A receive, like accepting, is said once for a client's
// whole life and completes many times (multishot); in the normal course a request
// costs one operation, the send.
//
// What was said is under way, and has to be unsaid. A client that does not take
// its answers is not to be read from: the event loop takes it off the poller's
// list, here its receive is cancelled. It may still complete before the
// cancellation reaches it, and a session is fed whatever comes. And a connection
// is closed only when the kernel has let go of it: cancel, wait for the last
// completion, close. A socket that is closed earlier stays open inside the
// kernel, and its client waits for the FIN; and its number goes to the next
// client, to whom late completions would then seem to belong.
//
// A completion is a fact, where readiness is a hint. The bytes are gone from the
// socket; nobody can look again. So it must reach the client that it is about,
// and the token that the kernel hands back has, beside the descriptor, a
// generation, which no other client that had the descriptor shares.
//
// # Sending
//
// A send that waits in the kernel for room would need its bytes until it is done:
// either a second buffer for each client, or an output that must not grow
// meanwhile. Here no send waits. It is queued so that the kernel does not wait
// for room (MSG_DONTWAIT), and carries it out while it takes over the queue,
// before it waits for anything. The kernel reads the reply where the session has
// written it, and only during that call. So nothing of a reply is in flight
// between two turns, and a slow reader costs no more memory than in the other
// models.
//
// Nearly every send sends everything, and of those there is no completion: they
// are marked to be silent on success, and MSG_WAITALL makes a short count count
// as a failure. A send without a completion has sent all. One that fell short
// says how much it has sent; then one completion is asked for that comes when
// there is room, and the rest is sent. That is readiness again, in the one case
// in which there is nothing better.
//
// # When it is right
//
// With many clients that ask at the same time: a poller saves the calls that
// would find nothing, a ring also those that find something. What each request
// needs of the kernel's network code remains: the saving is the way into the
// kernel and back, not the work there.
//
// Beside package eventloop, in one run, a request takes 0.94 times the CPU time
// with 50 connections, and 0.86 with 1,000; with 16 in flight on each 0.91 and 0.88.
// With one connection it makes a third of the calls, and takes as long: 1.00 and
// 1.02. There it does not pay, for what such a request costs is to be woken.
// (go run ./tools/cmd/ioflavors lab --only closed,eventloop,iouring --shape
// 1x1,1x16,50x1,50x16,1000x1,1000x16; docs/cost.md)
//
// What has been received is in memory before the first client is answered. So the
// store can be shown what several clients ask for, and look for all of it at the
// same time.
//
// A silent client costs an operation that waits in the kernel, and no buffer.
// That operation's memory is the kernel's, and does not show in the process's.
//
// # When it fails
//
// When a request takes long, just as package eventloop: the server has one
// goroutine, and everybody waits for a slow handler. Nor does one ring use a
// second processor: sends, and the receives that complete, are done on the thread
// that asks.
//
// Where there is no io_uring. It takes Linux 6.1; and a kernel that has it may
// refuse it. Docker's default seccomp profile does, and so does the sysctl
// kernel.io_uring_disabled, which some distributions set, because a ring is a
// second way to the kernel that filters of system calls do not see: what is asked
// by it is no call. Available says why there is none, Serve fails with an error
// that wraps kvserver.ErrUnavailable, and the command ends with exit code 3.
//
// When one looks at it with the usual tools. strace shows one call, whatever is
// done by it. The kernel's trace points (perf record -e 'io_uring:*') show the
// operations; docs/tour.md has a request in both.
//
// When code is to be short. It takes 1,295 lines, package ring included, where
// eventloop with its poller takes 617 (E0), and there is more to keep in mind: what
// is under way, and what has to be waited for.
//
// # What Go adds
//
// A locked thread. The kernel is told that only one thread comes to the ring
// (IORING_SETUP_SINGLE_ISSUER, DEFER_TASKRUN), so it takes no lock, and does its
// part of the work when that thread waits instead of interrupting it. Go moves
// goroutines from thread to thread, so the loop's is locked to its own. To give
// way to another goroutine then costs two switches of threads. The loop does not
// do so of its own accord; the runtime's monitor makes it.
//
// Mapped memory. Queues and receive buffers are mapped, not allocated: the
// kernel writes into them when it pleases, so the garbage collector must neither
// free nor move them. What sends read is ordinary memory. The address in the
// queue keeps nothing alive, nor from being on a stack that moves, so package
// ring holds a pointer beside it until the kernel has taken the operation.
//
// No pointers in tokens. Programs in C put the address of a connection into an
// operation's user_data and get it back with the completion. In Go that would be
// a pointer in memory that the collector does not look at. A ring.Token has
// numbers instead: descriptor, generation, operation.
//
// A bounded wait. Go's scheduler takes the processor away from a thread in a
// blocking call after some 20 µs, and to get one back costs a switch of threads.
// So the first 5 ms of a wait are in a call of which the scheduler is not told,
// and only what is left is waited for as usual. A signal, by which the runtime
// stops goroutines to collect garbage, ends the first part early, and the bound
// ends it where none comes. Whatever is on this goroutine's processor waits for
// no longer than that. Package eventloop does the same.
//
// Package ring is io_uring without a server, in Go alone: three system calls and
// two queues.
package iouring
