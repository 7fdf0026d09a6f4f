// Package multiblocking serves each client with a goroutine of its own, which
// blocks in every call: the way most Go servers are written.
//
// # The idea
//
// One goroutine accepts. For each client it starts another one, and that one
// does what package singleblocking does: read, answer, write, one after the
// other, waiting in each call. What a client has to wait for, only that client
// waits for.
//
//	   ┌────────┐  go   ┌──────┐    ┌────────┐    ┌───────┐
//	──►│ Accept │ ────► │ Read │ ─► │ answer │ ─► │ Write │ ─┐   client A
//	   └────────┘ │     └──────┘    └────────┘    └───────┘  │
//	     ▲    │   │        ▲                                 │
//	     └────┘   │        └─────────────────────────────────┘
//	              │
//	              ├───► Read ─► answer ─► Write ─► …              client B
//	              └───► Read ─► answer ─► Write ─► …              client C
//
// The requests run at the same time, so they share the store under a lock;
// the default store has many, one for each part of the keys.
//
// # Goroutines, a pool of them, or threads
//
// The article leaves it open "if goroutine pooling would help or not"
// (https://tech-lessons.in/en/blog/many_flavors_of_networking_io), so all
// three are here to be measured:
//
//   - By default there is a goroutine for each client, up to MaxConns. It waits
//     as in any Go server, but not in package net's Read: package blocking asks
//     the runtime itself to wait, and so holds no buffer meanwhile, and reads
//     once for a request where package net reads twice.
//   - Workers is a bounded pool. It bounds memory and concurrency, and makes
//     clients beyond that number wait for their turn, as package
//     singleblocking does with all.
//   - OSThreads is what the name of the model says literally: a thread for
//     each client, asleep in read(2) on a socket that blocks. Go's own blocking
//     calls are not that: they park the goroutine, and the runtime waits for
//     all sockets at once with epoll or kqueue.
//
// Go's scheduler is not made for the last one. A thread that sleeps in a system
// call keeps its right to run Go code until the runtime's monitor takes it away,
// after 20 µs at the earliest. On one core a client that asks again at once is
// therefore served again and again, while others whose request has arrived wait
// for that right: the lab marks such a server's percentiles with a tilde.
//
// # When it is right
//
// Nearly always. A request may take as long as it likes, compute, block on a
// disk or call another server: the others do not notice. All processors are
// used. The code is straight, and errors are where they happen.
//
// # When it fails
//
// "Creating and managing threads requires resources", says the article, and
// goroutines do too: a stack for each client, also for those that say nothing
// (3.96 KiB in all, where an event loop needs 0.35; experiment E7 of go run
// ./tools/cmd/ioflavors lab --claims), and a switch between goroutines for each
// request, where an event loop takes the next client from a list. With threads
// both cost more (21.3 KiB), and the number of them is limited: this server
// serves 4096 clients by threads at most, for Go's runtime ends a program that
// has 10,000, or that the system does not let start another one: so it asks
// before (package threads), and refuses a client for which there is none. That many threads cost more time in switching is refuted, up to
// these 4,000 (E8). A pool that is smaller than the number of clients has the
// weakness of one at a time again, as TestAPoolLetsItsSurplusWait shows, and
// makes no request cheaper (E9).
package multiblocking
