// Package busywait never waits: it asks every socket, again and again, whether
// something has come.
//
// # The idea
//
// Sockets are non-blocking: a read that finds nothing does not sleep, but
// returns an error (EAGAIN) that says "not now". So one goroutine can look
// after many clients, by asking each of them in a circle.
//
//	         ┌────────────────────────────────────────┐
//	         ▼                                        │
//	   ┌──────────┐   ┌────────┐   ┌────────┐   ┌────────┐
//	──►│ accept?  │──►│ A: any?│──►│ B: any?│──►│ C: any?│
//	   └──────────┘   └────────┘   └────────┘   └────────┘
//	      EAGAIN        EAGAIN       a frame      EAGAIN
//	                                    │
//	                                    ▼
//	                               answer, write
//
// # When it is right
//
// "Since the server isn't blocked waiting for I/O operations, it should be more
// responsive", says the article
// (https://tech-lessons.in/en/blog/many_flavors_of_networking_io): the server
// is awake when a request comes, and need not be woken. On a processor of its
// own, with few clients, that saves the time that waking takes: a lone client
// that asks now and then has its answer in a third of the time that the best
// server takes that blocks (experiment E5 of go run ./tools/cmd/ioflavors lab
// --claims: 0.34). Drivers and trading systems poll for that reason.
//
// # When it fails
//
// "Busy waiting consumes CPU resources as the server constantly polls": a whole
// processor, with nothing to do as with much; the scheduler takes it for the
// busiest program of the machine. And every client costs a system call in each
// round, whether it has said something or not, so with many clients, most of
// them silent, an answer waits for hundreds of questions that lead to nothing: a
// request costs 129 times as much with 9,900 silent clients as with none (E6).
// TestPollingCostsAClientsShareEvenWhenItIsSilent counts them. The event loop
// is the way out: it has the kernel keep the list.
//
// "Handling errors may become tricky": here "nothing has come", "the client has
// left" and "the connection is broken" look much alike, and a server that takes
// the second for the first spins on a socket that will never say anything again.
// Package sock tells them apart, once for all models.
//
// # One at a time
//
// With OneAtATime the server polls one client until it has left, as the
// article's own does, and combines the weaknesses: it uses a whole processor,
// and everybody else waits. It gives way after TurnLimit, as package
// singleblocking does.
package busywait
