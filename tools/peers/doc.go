// Package peers is about servers to compare the project's own with: they speak
// its protocol on other people's libraries, each written as the library's
// authors would have it, as far as its documentation and sources tell. Codec,
// handler and store are the project's, so that what differs is the I/O.
//
//	GOWORK=off go build -tags poll_opt -o bin/ ./cmd/...
//	bin/kv-gnet --addr 127.0.0.1:8000
//
// or, of all of them at once and from the checkout's root,
//
//	go run ./tools/cmd/ioflavors lab --peers
//
// # What they are not
//
// No servers to run in earnest. They have no limits, no timeouts, no bound on
// memory, no counters and no clean shutdown: a client that does not read makes
// them grow, one that is silent stays for ever, and a signal just ends them. What
// a model of the project's spends on these, a peer does not spend. The one limit
// that the protocol asks for, that of a frame's length, they have.
//
// # kv-net
//
// Go's standard library: a goroutine for each connection, with one buffer to
// read into and one for the replies, kept for as long as the connection is. One
// Read, one Write for all requests that it brought.
//
// # kv-gnet
//
// github.com/panjf2000/gnet/v2, event loops on epoll or kqueue.
//
//   - The build tag poll_opt, by which a connection is found by a pointer in the
//     event rather than by its descriptor in a map.
//   - One loop (--loops), and SO_REUSEPORT, with which gnet lets each loop accept
//     connections itself: with one loop, one goroutine does it all, and
//     the store needs no locks. Without it there is one more goroutine, for
//     accepting.
//   - Level-triggered, gnet's default: one read for an event, where the
//     edge-triggered mode reads on until there is nothing left.
//   - The requests are looked at where gnet has read them (Peek, Discard); gnet
//     itself keeps what is left. A frame that comes in parts is looked at when it
//     is whole.
//   - One Write for an event, from a buffer that the loop gets back.
//   - No LockOSThread: on the project's machine it made no difference that could
//     be told from the noise, and neither did the edge-triggered mode.
//
// # kv-netpoll
//
// github.com/cloudwego/netpoll, pollers that read and a pool of goroutines that
// answer.
//
//   - One poller (--loops), which is netpoll's default below 20 cores.
//   - OnRequest reads without copying (Peek, Next, Release) until nothing is
//     left, waits in Next for the rest of a frame, and sends with WriteBinary and
//     one Flush for all requests that were there.
//   - The store with locks, for requests are answered on many goroutines.
//
// # kv-nbio
//
// github.com/lesismal/nbio, its event loops without its HTTP and WebSocket.
//
//   - One poller (--loops), which answers by itself in OnData, so that with one
//     the store needs no locks. Connections are accepted on another goroutine, by
//     nbio's design.
//   - Edge-triggered: a connection is registered for reading and writing once,
//     and all that is there is read at the end of a stream as well; of many
//     bytes before a FIN, the level-triggered mode drops some. In CPU time the
//     two, and LockPoller, could not be told apart.
//   - What is left of a frame is kept by the server, since nbio has no buffer for
//     that. One Write for a read.
package peers
