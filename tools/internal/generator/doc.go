// Package generator sends requests to a server and measures the replies.
// Package load explains what it measures.
//
// # What is checked
//
// Every reply. In a key/value protocol, values are derived from their keys, a put stores the value that is
// already there, and replies come in the order of the requests. So the generator
// knows beforehand every byte of a reply that matters. In any other protocol the
// exchanges of a file say what the replies are, to the byte. A reply that is wrong,
// late or missing counts as an error and never as an answered request. A request
// that was due and could not be sent is counted, too.
//
// # How it runs
//
// One goroutine on an OS thread of its own uses raw non-blocking sockets and the
// event loop's poller. It allocates nothing per request, so the garbage collector
// does not disturb the measurement. In the open loop it either polls its sockets
// and the clock without a pause (Spin), or sleeps until a kernel timer expires.
// With the timer it is late by the time that a thread takes to wake.
//
// # Where things are
//
// run.go starts a run. generator.go is the loop. schedule.go decides when requests
// are due, pipeline.go holds the requests in flight of one connection, reply.go matches
// replies with them, window.go counts, and pause.go notices that the generator itself
// did not run.
//
// Package dataset decides which request is next, and knows nothing of bytes. Package
// wire turns requests into bytes and judges replies: its interface Codec is all that
// the generator knows of a protocol. Package meter reads what the kernel knows of the
// generator's thread. Package nullserver is a server that does next to nothing: it
// shows the highest rate that the generator reaches.
package generator
