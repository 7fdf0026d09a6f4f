// Package lab measures the cost of each way to wait for the network.
//
// Each server is a process of its own, started afresh for every round. The lab checks it
// against the protocol before it measures it, and all servers get the same work. The
// order of the servers is shuffled in each round, so a disturbance of the machine does
// not hit the same server in all rounds. The reported figures are medians over the
// rounds.
//
// The main figure is the server's CPU time per request. It hardly depends on the other
// programs of the machine, and it holds even if the load generator is the limit. Rates
// and latencies of a closed loop stand beside it. Those latencies show how servers differ
// at their own full load, not which one to prefer at a given rate. The open loop shows
// that (open.go): response times at rates that are the same for all servers, without the
// cells that the generator spoilt. idle.go measures the cost of silent connections, once.
package lab
