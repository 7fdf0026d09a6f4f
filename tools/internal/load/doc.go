// Package load sends requests to a key/value server and measures the replies.
//
// # Two kinds of load
//
// In the closed loop each connection keeps Depth requests in flight. A request is
// due when an earlier request is answered. The closed loop shows the throughput
// of a server, and the time per request at that throughput. It does not show how
// long a user waits: while a server stalls it gets no new requests, so the stall
// counts once per request in flight. Users who arrive at their own pace would
// meet the stall many times over (coordinated omission).
//
// In the open loop, with a Rate, the times at which requests are due are fixed
// beforehand, and the server does not influence them. A request that is due waits
// for room on its connection, if necessary, and its response time counts from the
// moment it was due. TestAStoppedServerShowsInTheOpenLoop shows the difference.
//
// # What the times mean
//
// The response time runs from the moment a request is due until its reply is
// read. The service time runs from the moment the request is encoded and written.
// In the closed loop the two are the same. Both end when this generator has read
// the reply. With a depth over 1 they include the wait behind the earlier
// requests on the connection (head-of-line blocking). With many connections they
// include the wait until the generator reads from this one. In the closed loop
// the generator answers one read with one write, so a server that replies in
// batches also receives batches.
//
// In the closed loop the percentiles cover the requests that were answered within
// the measured window; Result.Hidden tells the share of those that waited all the
// time. In the open loop they cover all requests that were due in the window,
// however late their replies.
//
// # What is checked
//
// Every reply. Values are derived from their keys, a put stores the value that is
// already there, and replies come in the order of the requests. So the generator
// knows beforehand every byte of a reply that matters. A reply that is wrong,
// late or missing counts as an error and never as an answered request. A request
// that was due and could not be sent is counted, too.
//
// # How it judges itself
//
// The generator records how late it sent the requests that it could have sent,
// how busy it was, and how long its thread waited for a core. It notices times in
// which it did not run at all, and which requests those touched. It also counts
// the requests in the system from moment to moment: by Little's law their mean is
// the rate times the mean response time. If one of these is beyond its limit,
// Result.Void says so: then the figures tell more about the generator than about
// the server. See judge.go and pause.go for the limits.
//
// # How it runs
//
// One goroutine on an OS thread of its own uses raw non-blocking sockets and the
// event loop's poller. It allocates nothing per request, so the garbage collector
// does not disturb the measurement. In the open loop it either polls its sockets
// and the clock without a pause (Spin), or sleeps until a kernel timer expires.
// With the timer it is late by the time that a thread takes to wake.
package load
