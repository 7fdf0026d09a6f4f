// Package load says what a load on a server is, and what its figures are
// worth: a Workload, a Result, and the rules by which a Result judges itself. It does
// no I/O. Package generator makes the load.
//
// # Two kinds of load
//
// In the closed loop each connection keeps Depth requests in flight. A request is
// due when an earlier request is answered. The closed loop shows the throughput
// of a server, and the time per request at that throughput. It does not show how
// long a user waits: while a server stalls it gets no new requests, so the stall
// counts once per request in flight. Users, who arrive whether or not the server
// stalls, would meet the stall many times over (coordinated omission).
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
// In the closed loop the two are the same. Both end when the generator has read
// the reply. With a depth over 1 they include the wait behind the earlier
// requests on the connection (head-of-line blocking). With many connections they
// include the wait until the generator reads from this one. In the closed loop
// the generator answers one read with one write, so a server that replies in
// batches also receives batches.
//
// In the closed loop the percentiles cover the requests that were answered within the
// measured window; Result.Hidden returns the share of the requests that waited all
// the time. In the open loop they cover all requests that were due in the window,
// however late their replies.
//
// # How a result judges itself
//
// The generator records how late it sent the requests that it could have sent,
// how busy it was, and how long its thread waited for a core. It notices times in
// which it did not run at all, and the requests that those times touched. It also
// counts the requests in the system from moment to moment: by Little's law their
// mean is the rate times the mean response time. If one of these is beyond its
// limit, Result.Void says so: then the figures tell more about the generator than
// about the server. judge.go and pauses.go have the limits.
package load
