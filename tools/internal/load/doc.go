// Package load makes requests of a key/value server and measures the answers.
//
// # Two kinds of load
//
// In the closed loop each connection keeps Depth requests in flight, and a
// request is made when, and because, an earlier one was answered. It finds out
// how much a server can do, and what a request then costs. It does not find out
// how long a user waits: a server that stalls is sent nothing meanwhile, so
// that the stall counts once per request in flight, where users who arrive at
// their own pace would have met it many times over (coordinated omission).
//
// In the open loop, with a Rate, all requests have the times at which they are
// due beforehand, and the server has no influence on them. A request that is
// due waits for room on its connection, if need be, and response time counts
// from when it was due. TestAStoppedServerShowsInTheOpenLoop is the difference.
//
// # What the times mean
//
// The response time is from when a request was due until its reply was read,
// the service time from when it was encoded and written; in the closed loop
// they are the same. Both end when this generator has read the reply: with a
// depth over one they include the wait behind the requests ahead of it on the
// connection, and with many connections the wait until the generator comes
// round to reading. In the closed loop, what one read brings in is replaced in
// one write, so a server that answers in batches is asked in batches, and the
// percentiles are of the requests that were answered within the measured
// window (Result.Hidden tells of those that waited all the while). In the open
// loop they are of all requests that were due in it, however late the answer.
//
// # What is checked
//
// Everything. Values are derived from their keys, a put stores the value that
// is there already, and replies come in the order of the requests; so for each
// reply every byte that matters is known beforehand. A reply that is wrong,
// late or missing is counted as an error and never as an answered request; a
// request that was due and could not be sent is counted, too.
//
// # How it judges itself
//
// It records how late it sent what it could have sent, how busy it was, and how
// long its thread waited for a core; it watches for times in which it did not run
// at all, and which requests those touched; and it counts the requests in the
// system from moment to moment, which by Little's law is the rate times the mean
// response time. Where one of these is beyond its limit, Result.Void says so:
// the figures then tell more about the generator than about the server. See
// judge.go and pause.go for the limits.
//
// # How it runs
//
// One goroutine on an OS thread of its own, raw non-blocking sockets, and the
// event loop's poller. It allocates nothing per request, so that no garbage
// collection gets into the measurement. In the open loop it asks its sockets
// and the clock over and over (Spin), or sleeps until a timer of the kernel's
// expires, which is then late by as long as a thread takes to wake.
package load
