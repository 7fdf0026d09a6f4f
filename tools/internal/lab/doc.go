// Package lab measures what each way to wait for the network costs.
//
// Each server is a process of its own, started fresh for every round, checked
// against the protocol before it is measured, and given the same work as the
// others. The rounds are interleaved and shuffled, so that a disturbance of the
// machine hits no server in all of them; the figures reported are medians over
// the rounds.
//
// The headline is the server's CPU time per request. It hardly depends on what
// else the machine does, and it holds even where the load generator is the
// limit. Rates and latencies of a closed loop stand beside it; the latencies tell
// how servers differ at their own full load, not which one to prefer at a given
// rate. That is for the open loop to say (open.go): response times at rates that
// are the same for all, without the cells that the generator has spoilt. What
// silent connections cost in memory is measured once, last (idle.go).
package lab
