// Package peers contains servers to compare the project's own with. They speak
// its protocol on other people's libraries. Each is written as the library's
// authors recommend in its documentation and sources. Codec, handler and store
// are the project's, so only the I/O differs.
//
//	GOWORK=off go build -tags poll_opt -o bin/ ./cmd/...
//	bin/kv-gnet --addr 127.0.0.1:8000
//
// Or, to measure all of them, in the root of the checkout:
//
//	go run ./tools/cmd/ioflavors lab --peers
//
// # What they are not
//
// They are not servers for production. They have no limits, no timeouts, no bound
// on memory, no counters and no clean shutdown: a slow reader makes them grow, a
// silent client stays for ever, and a signal simply ends them. The project's
// models spend time on these features, and a peer does not. The peers have only
// the limit that the protocol requires, on a frame's length.
//
// # kv-net
//
// Go's standard library: a goroutine for each connection, with one read buffer
// and one buffer for replies, kept as long as the connection. One Read, and one
// Write for all requests that it brought.
//
// # kv-gnet
//
// github.com/panjf2000/gnet/v2, event loops on epoll or kqueue.
//
//   - The build tag poll_opt: gnet finds a connection by a pointer in the event
//     rather than by its descriptor in a map.
//   - One loop (--loops), and SO_REUSEPORT, with which gnet lets each loop accept
//     connections itself. With one loop, one goroutine does everything, and the
//     store needs no locks. Without SO_REUSEPORT one more goroutine accepts.
//   - Level-triggered, gnet's default: one read for an event. The edge-triggered
//     mode reads until nothing is left.
//   - The requests are parsed in gnet's buffer (Peek, Discard); gnet keeps the
//     rest. A frame that arrives in parts is parsed when it is complete.
//   - One Write for an event, from a buffer that the loop gets back.
//   - No LockOSThread: on the project's machine its effect was within the noise,
//     and so was that of the edge-triggered mode.
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
//   - The store with locks, because requests are answered on many goroutines.
//
// # kv-nbio
//
// github.com/lesismal/nbio, its event loops without its HTTP and WebSocket.
//
//   - One poller (--loops), which itself answers in OnData, so with one poller the
//     store needs no locks. By nbio's design, another goroutine accepts
//     connections.
//   - Edge-triggered: a connection is registered for reading and writing once, and
//     all bytes are read at the end of a stream, too; the level-triggered mode
//     loses some if there are many before a FIN. In CPU time the two modes, and
//     LockPoller, could not be told apart.
//   - The server keeps the rest of an incomplete frame, because nbio has no buffer
//     for it. One Write for a read.
package peers
