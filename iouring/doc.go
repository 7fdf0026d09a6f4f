// Package iouring serves all clients on one goroutine, and has the kernel accept,
// receive and send for it.
//
// # The idea
//
// Package eventloop asks which sockets are ready, and then makes the calls that
// move bytes: a read and a write for each client. This server does not make those
// calls. It writes operations into a queue, in memory that it shares with the
// kernel, and finds their completions in another queue. One call (io_uring_enter)
// hands over all queued operations, and waits for a completion. It is the only
// call that blocks.
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
// The loop is the method run in loop.go: read it first. server.go starts and ends
// it.
//
// This is the proactor pattern: completion instead of readiness. A poller says
// that a read is worth making. A ring says that the read was made, and where the
// bytes are. That changes three things.
//
// Operations begin early. A receive waits in the kernel for bytes that may never
// come. If each receive had to bring its buffer, 10,000 silent clients would hold
// 10,000 buffers. So the server provides buffers to the ring, for all clients
// together, and the kernel takes one when it has bytes to put into it. The server
// returns the buffer as soon as the session has read it. If no buffer is left, the
// receive ends with ENOBUFS, the bytes stay in the socket, and the server starts
// another receive. A receive, like an accept, is started once for a client's whole
// life and completes many times (multishot). So a request normally costs one
// operation, the send.
//
// Operations must be cancelled. To stop reading from a slow reader, the event loop
// stops watching its socket; this server cancels its receive. The receive may
// still complete before the cancellation reaches it, so a session is fed whatever
// arrives. A connection is closed only after the kernel has let go of it: cancel,
// wait for the last completion, close. A socket that is closed earlier stays open
// inside the kernel, so its client waits for the FIN. Its number goes to the next
// client, and late completions would seem to be about that client.
//
// A completion is a fact, where readiness is a hint. The bytes have left the
// socket, so they cannot be read again. The completion must reach the right
// client. So the token that the kernel hands back has a generation beside the
// descriptor, which tells the client from others that had the same descriptor.
//
// # Sending
//
// A send that waited in the kernel for space in the socket would need its bytes
// until it is done. Then each client would need a second buffer, or its output could
// not grow meanwhile. Here no send waits. It is marked so that the kernel does not
// wait for space (MSG_DONTWAIT), and the kernel carries it out while it takes over
// the queue, before it waits for anything. The kernel reads the reply where the
// session has written it, and only during that call. So no part of a reply is in
// flight between two iterations of the loop, and a slow reader costs no more memory
// than in the other models.
//
// Nearly every send sends all its bytes. Such a send has no completion, because
// sends are marked to be silent on success, and MSG_WAITALL makes a short count a
// failure. A send that fell short says how many bytes it has sent. Then the server
// asks for one completion when the socket has space, and sends the rest. That is
// readiness again, in the one case in which nothing is better.
//
// # When it is right
//
// It suits many clients that ask at the same time. A poller saves the calls that
// would find nothing; a ring also saves the calls that find something. Each request
// still needs the kernel's network code: the ring saves the way into the kernel and
// back, not the work there.
//
// Beside package eventloop, in one run, a request takes 0.94 times the CPU time
// with 50 connections, and 0.86 with 1,000; with 16 in flight on each 0.91 and 0.88.
// With one connection it makes a third of the calls, and takes as long: 1.00 and
// 1.02. There it does not pay, because such a request costs mainly the wake-up.
// (go run ./tools/cmd/ioflavors lab --only closed,eventloop,iouring --shape
// 1x1,1x16,50x1,50x16,1000x1,1000x16; docs/cost.md)
//
// All received bytes are in memory before the first client is answered. So the
// store can prefetch the keys of several clients together.
//
// A silent client costs an operation that waits in the kernel, and no buffer.
// That operation's memory is the kernel's, and does not show in the process's.
//
// # When it fails
//
// It fails when a request takes long, just as package eventloop does: the server
// has one goroutine, so a slow handler delays all clients. One ring does not use a
// second processor, either: the kernel carries out sends, and receives that
// complete, on the thread that calls it.
//
// It fails where there is no io_uring. It needs Linux 6.1, and a kernel that has
// io_uring may refuse it. Docker's default seccomp profile refuses it, and so does
// the sysctl kernel.io_uring_disabled, which some distributions set. The reason is
// that filters of system calls do not see the operations of a ring. Available says
// why there is none, Serve fails with an error that wraps server.ErrUnavailable,
// and the command ends with exit code 3.
//
// It is hard to observe with the usual tools. strace shows one call, whatever that
// call does. The kernel's trace points (perf record -e 'io_uring:*') show the
// operations. docs/tour.md shows a request in both.
//
// It is long. With package ring it has nearly twice as many lines as eventloop
// with its poller (E0), and there is more to keep in mind: which operations are in
// flight, and which completions the server must wait for.
//
// # What Go adds
//
// A locked thread. The server tells the kernel that only one thread uses the ring
// (IORING_SETUP_SINGLE_ISSUER, DEFER_TASKRUN). So the kernel takes no lock, and
// does its part of the work when that thread waits, instead of interrupting it. Go
// moves goroutines from thread to thread, so the loop's goroutine is locked to its
// thread. To yield to another goroutine then costs two switches of threads. So the
// loop does not yield by itself; the runtime's monitor preempts it.
//
// Mapped memory. Queues and receive buffers are mapped, not allocated. The kernel
// may write into them at any time, so the garbage collector must neither free nor
// move them. Sends read ordinary memory. The address in the queue does not keep that
// memory alive, and does not keep it off a stack that may move. So package ring
// holds a pointer beside it until the kernel has taken the operation.
//
// No pointers in tokens. Programs in C put the address of a connection into an
// operation's user_data and get it back with the completion. In Go that would be
// a pointer in memory that the collector does not look at. A ring.Token has
// numbers instead: descriptor, generation, operation.
//
// A bounded wait. Go's scheduler takes the processor away from a thread in a
// blocking call after some 20 µs, and to get one back costs a switch of threads.
// So the first 5 ms of a wait are in a call of which the scheduler is not told,
// and only the rest is an ordinary blocking call. The first part ends early at a
// signal, with which the runtime stops goroutines to collect garbage. If no signal
// comes, the bound ends it. So other goroutines of this processor wait for 5 ms at
// most. Package eventloop does the same.
//
// Package ring is io_uring without a server, in Go alone: three system calls and
// two queues.
package iouring
