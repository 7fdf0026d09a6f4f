// Package singleblocking is the simplest server there is: one goroutine, which
// blocks in every call, and serves one client at a time.
//
// # The idea
//
// Accept waits until a client has come. Read waits until the client says
// something, Write until it takes the answer. When the client has left, the
// next one is accepted. There is no concurrency, so there is no lock, no
// callback and no state but what lies on the stack: the program's position in
// its loop is what the server knows.
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
//	   listen queue: ○ ○ ○ ○   everybody else
//
// # When it is right
//
// For one client, such as a program's own control socket or a test; for clients
// that come, ask, and go; and as the model to read first, since all others can
// be told by what they do differently.
//
// # When it fails
//
// As soon as there are two clients. The article puts it so: "Only one client
// (over one TCP connection) can be served at a time, meaning others have to
// wait", and "A single slow client can stall other clients"
// (https://tech-lessons.in/en/blog/many_flavors_of_networking_io). Both are in
// the nature of the model, so the server bounds them instead: a client that is
// silent, or takes long for a frame or for its answer, is closed after five
// seconds, and one that is busy gives way after ten (TurnLimit) if another one
// waits. TestOneSilentClientKeepsEverybodyWaiting shows the weakness, and its
// end; the lab's experiments measure it: 1 of 64 clients is served (E1), and
// others wait for all of the 2 s in which one says nothing, or half of
// something (E2; go run ./tools/cmd/ioflavors lab --only E1,E2). A second
// processor is of no use to this model, either.
//
// # What "blocking" means in Go
//
// The goroutine blocks; no thread does. Package net has made the socket
// non-blocking, and where nothing has come, Go's runtime parks the goroutine,
// and waits for it, and for all others, with epoll or kqueue. So a Go program
// written in this style runs on an event loop, which it does not see: two calls
// of epoll_pwait for each request of a lone client, where package eventloop makes
// one (E12). Package multiblocking has an option under which a thread really
// sleeps in read(2).
package singleblocking
