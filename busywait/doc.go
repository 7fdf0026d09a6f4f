// Package busywait never waits: it polls every socket, again and again, for new
// bytes.
//
// # The idea
//
// Sockets are non-blocking: a read that finds no bytes does not sleep, but
// returns an error (EAGAIN) that says "not now". So one goroutine can serve many
// clients, by polling one after the other and then beginning again.
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
// The loop is Run in server.go; poll makes the calls for one client.
//
// # When it is right
//
// "Since the server isn't blocked waiting for I/O operations, it should be more
// responsive", says the article
// (https://tech-lessons.in/en/blog/many_flavors_of_networking_io). The server is
// awake when a request arrives, so the kernel need not wake it. On a processor
// of its own, with few clients, that saves the time of waking: a lone client
// that asks now and then has its answer in a third of the time that the best
// blocking server takes (experiment E5 of go run ./tools/cmd/ioflavors lab
// --claims: 0.34). Drivers and trading systems poll for that reason.
//
// # When it fails
//
// "Busy waiting consumes CPU resources as the server constantly polls". The
// server uses a whole processor, even with nothing to do, and the scheduler
// takes it for the busiest program of the machine. Every client costs a system
// call in each round, even a silent one. So with many silent clients an answer
// waits for hundreds of reads that find nothing: a request costs 129 times as
// much with 9,900 silent clients as with none (E6).
// TestPollingCostsAClientsShareEvenWhenItIsSilent counts such reads. The event
// loop is the way out, because there the kernel keeps the list of sockets.
//
// "Handling errors may become tricky". Here "no bytes yet", "the client has
// left" and "the connection is broken" look much alike. A server that takes the
// second for the first spins on a socket that never has bytes again. Package
// sock tells them apart, once for all models.
//
// # One at a time
//
// With OneAtATime the server polls one client until it has left, as the
// article's server does. That combines both weaknesses: the server uses a whole
// processor, and all other clients wait. A client gives way after TurnLimit, as
// in package singleblocking.
package busywait
