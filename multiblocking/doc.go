// Package multiblocking serves each client with a goroutine of its own, which
// blocks in every call. Most Go servers are written in this way.
//
// # The idea
//
// One goroutine accepts. For each client it starts another goroutine, which
// works as package singleblocking does: it reads, answers and writes, and waits
// in each call. So a slow client delays only itself.
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
// Both loops are in server.go: Run accepts, and serve serves one client.
//
// The requests run at the same time, so they share the store under a lock. The
// default store has many locks, one for each part of the keys.
//
// # Goroutines, a pool of them, or threads
//
// The article leaves it open "if goroutine pooling would help or not"
// (https://tech-lessons.in/en/blog/many_flavors_of_networking_io). So there are
// three variants to measure:
//
//   - By default each client has a goroutine, up to MaxConns. It is parked as in
//     any Go server, but not in package net's Read: package blocking asks the
//     runtime itself to wait. So it holds no buffer meanwhile, and reads once
//     for a request where package net reads twice.
//   - Workers is a bounded pool. It bounds memory and concurrency. Clients beyond
//     its size wait, as all clients but one do in package singleblocking.
//   - OSThreads takes the name of the model literally: each client has a thread,
//     which sleeps in read(2) on a blocking socket. Go's own blocking calls
//     only park the goroutine, and the runtime waits for all sockets at once
//     with epoll or kqueue.
//
// Go's scheduler is not made for OSThreads. A thread that sleeps in a system
// call keeps its right to run Go code (its P) until the runtime's monitor takes
// it away, after 20 µs at the earliest. On one core, therefore, a client that
// asks again at once is served again and again, while requests of other clients
// have arrived and wait for that P. The lab marks such a server's percentiles
// with a tilde.
//
// # When it is right
//
// It is right nearly always. A request may compute for long, block on a disk or
// call another server, and delays no other client. All processors are used. The
// code is straight, and each error is handled where it happens.
//
// # When it fails
//
// "Creating and managing threads requires resources", says the article.
// Goroutines do, too: each client has a stack, even a silent one (3.96 KiB in
// all, where an event loop needs 0.35; experiment E7 of go run
// ./tools/cmd/ioflavors lab --claims), and each request costs a switch between
// goroutines, where an event loop takes the next client from a list.
//
// Threads cost more memory (21.3 KiB for a client), and their number is limited.
// Go's runtime ends a program that has 10,000 threads, or that needs a thread
// when the system has none left. So this server serves at most 4096 clients by
// threads. It asks for a thread first (package threads), and refuses the client
// if there is none. The claim that many threads cost more time in switching is
// refuted, up to 4,000 clients (E8).
//
// A pool with fewer workers than clients has the weakness of package
// singleblocking again, as TestAPoolLetsItsSurplusWait shows, and makes no
// request cheaper (E9).
package multiblocking
