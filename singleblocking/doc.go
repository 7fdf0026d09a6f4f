// Package singleblocking is the simplest server: one goroutine blocks in every
// call and serves one client at a time.
//
// # The idea
//
// Accept waits for a client. Read waits for the client's bytes, Write until the
// client takes the answer. When the client has left, the server accepts the
// next one. There is no concurrency, so there is no lock and no callback. The
// position in the loop and the variables on the stack are the whole state.
//
//	       ┌──────────────────────────────────────────────┐
//	       │                                              │
//	       ▼                                              │ left
//	   ┌────────┐  a client   ┌──────┐ bytes ┌────────┐   │
//	──►│ Accept │ ──────────► │ Read │ ────► │ answer │ ──┤
//	   └────────┘             └──────┘       └────────┘   │
//	     blocks                blocks  ▲      Write blocks │
//	                                   └──────────────────┘ stays
//
//	   listen queue: ○ ○ ○ ○   all other clients
//
// The loop is Run and serve in server.go.
//
// # When it is right
//
// It suits a single client, such as a test or the user of a program's control
// socket, and clients that connect, ask once and leave. It is also the model to
// read first: each other model is explained by its difference from this one.
//
// # When it fails
//
// It fails as soon as there are two clients. The article says: "Only one client
// (over one TCP connection) can be served at a time, meaning others have to
// wait", and "A single slow client can stall other clients"
// (https://tech-lessons.in/en/blog/many_flavors_of_networking_io). This
// head-of-line blocking is in the nature of the model, so the server can only
// bound it. It closes a client after five seconds if the client is silent, or
// takes longer than that for a frame or for its answer. A busy client is closed
// after ten seconds (TurnLimit) if another one waits.
//
// TestOneSilentClientKeepsEverybodyWaiting shows the weakness and its bound. The
// lab measures the weakness: 1 of 64 clients is served (E1), and if one client
// sends nothing, or half a request, for 2 s, the others wait for all of that
// time (E2; go run ./tools/cmd/ioflavors lab --only E1,E2). The model cannot use
// a second processor, either.
//
// # What "blocking" means in Go
//
// The goroutine blocks; no thread does. Package net makes the socket
// non-blocking. When the socket has no data, Go's runtime parks the goroutine,
// and waits for this socket and all others with epoll or kqueue. So a Go program
// in this style runs on an event loop that it does not see: a request of a lone
// client costs two calls of epoll_pwait, where package eventloop makes one
// (E12). Package multiblocking has an option with which a thread really sleeps
// in read(2).
package singleblocking
