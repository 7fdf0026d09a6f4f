// Package load makes requests of a key/value server and measures the answers.
//
// # The load
//
// The loop is closed: each connection keeps Depth requests in flight, and a
// request is made when, and because, an earlier one was answered. Such a load
// finds out how much a server can do, and what a request then costs. It does
// not find out how long a user waits: a server that stalls is sent nothing
// meanwhile, so that the stall counts once per request in flight, where users
// who arrive at their own pace would have met it many times over (coordinated
// omission).
//
// # What latency means here
//
// The time from just before a request is encoded and written until its reply
// has been read, as this generator sees it: with a depth over one it includes
// the wait behind the requests ahead of it on the connection, and with many
// connections the wait until the generator comes round to reading the reply.
// What one read brings in is replaced in one write, so a server that answers
// in batches is asked in batches. Percentiles are of the requests that were
// answered within the measured window. What waited all the while is in none of
// them: Result.InFlight tells whether there was such.
//
// # What is checked
//
// Everything. Values are derived from their keys, a put stores the value that
// is there already, and replies come in the order of the requests; so for each
// reply every byte of kind, status, key and value is known beforehand. A reply
// that is wrong, late or missing is counted as an error and never as an
// answered request.
//
// # How it runs
//
// One goroutine on an OS thread of its own, raw non-blocking sockets, and the
// event loop's poller. It allocates nothing per request, so that no garbage
// collection gets into the measurement, and it tells how busy its thread was:
// above GeneratorLimit the rate says as much about the generator as about the
// server.
package load
