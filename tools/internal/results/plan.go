package results

import (
	"cmp"
	"slices"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// Part is a part of the lab.
type Part string

// The parts.
const (
	Closed     Part = "closed"      // the cost of a request, and the highest rates
	OpenLoop   Part = "open"        // response times at given rates
	Idle       Part = "idle"        // CPU and memory of silent connections
	Syscalls   Part = "syscalls"    // by name
	Profile    Part = "profile"     // what a request's CPU time is spent on
	Capacities Part = "capacity"    // the highest rate within an SLO
	Stall      Part = "stall-check" // that the open loop shows a stop
	Claims     Part = "claims"      // the article's, put to the test
)

// Parts are all parts, in the order they are measured. A plan that names no parts leaves
// out the last.
var Parts = []Part{Stall, Closed, OpenLoop, Idle, Syscalls, Profile, Claims, Capacities}

// Plan says what the lab measures, in which order and for how long.
type Plan struct {
	Seed   uint64 `json:"seed"`
	Rounds int    `json:"rounds"`
	Parts  []Part `json:"parts"`
	// Order names the targets of each round, in their order.
	Order [][]string `json:"order"`
	// Again is the target that is measured twice in each round, for the A/A run, and
	// AgainAt the place of its second measurement in each round, counted from 0.
	Again   string `json:"again"`
	AgainAt []int  `json:"again_at"`

	Workloads []load.Workload `json:"workloads"`
	// Open are the workloads of the open loop, one for each rate. A server of one client
	// at a time gets them over one connection.
	Open []load.Workload `json:"open"`
	// Cell is how long a workload is measured, after Warmup. OpenCell is how long one of
	// the open loop is measured, after half of Warmup.
	Cell     time.Duration `json:"cell_ns"`
	OpenCell time.Duration `json:"open_cell_ns"`
	Warmup   time.Duration `json:"warmup_ns"`
	// Idle is how long an idle server is measured, with each number of connections.
	Idle            time.Duration `json:"idle_ns"`
	IdleConnections []int         `json:"idle_connections"`
	// Profile is how long a server is profiled: whole seconds, because a debug server
	// takes no fractions.
	Profile time.Duration `json:"profile_ns,omitempty"`
	// SLO is the largest p99 of the response time in the search for capacity.
	SLO time.Duration `json:"slo_ns"`
	// Experiments are the claims that are tested. AllClaims gives them the time that they
	// need; without it the long ones are shortened, and the longest left out.
	Experiments []string `json:"experiments,omitempty"`
	AllClaims   bool     `json:"all_claims,omitempty"`
}

// Has reports whether the plan includes the part.
func (p Plan) Has(part Part) bool { return slices.Contains(p.Parts, part) }

// SeedOf returns a cell's seed: all servers get the same requests in a round, and
// different ones in the next round.
func (p Plan) SeedOf(round, workload int) uint64 {
	return p.Seed + uint64(round*len(p.Workloads)+workload)
}

// OpenSeed returns the seed of a cell of the open loop. No cell of the closed loop has
// the same.
func (p Plan) OpenSeed(round, workload int) uint64 {
	return p.SeedOf(p.Rounds+1, 0) + uint64(round*len(p.Open)+workload)
}

// Mix is the usual workload with that number of connections, of requests in flight on
// each, and of requests per second; 0: a closed loop.
func (p Plan) Mix(connections, depth int, rate float64) load.Workload {
	w := p.Workloads[0]
	w.Connections, w.Depth, w.Rate, w.Arrivals = connections, depth, rate, load.Constant
	return w
}

// Shape is the load of a closed loop: its connections, and the requests in flight on
// each.
type Shape struct{ Connections, Depth int }

// Shapes are the default shapes, in this order: from one request in flight to enough
// requests to share the cost of waiting.
var Shapes = []Shape{{1, 1}, {50, 1}, {50, 16}}

// Workloads returns a workload for each shape; without shapes, for Shapes. mix has what
// they have in common: requests, keys and values.
func Workloads(mix load.Workload, shapes ...Shape) []load.Workload {
	if len(shapes) == 0 {
		shapes = Shapes
	}
	var all []load.Workload
	for _, s := range shapes {
		mix.Connections, mix.Depth = s.Connections, s.Depth
		all = append(all, mix)
	}
	return all
}

// OpenRates are the rates of the open loop, in requests per second. They are the same
// for every server, so that response times can be compared, rate by rate.
var OpenRates = []float64{5_000, 10_000, 20_000, 40_000}

// OpenWorkloads returns a workload for each of OpenRates. mix has what they have in
// common.
func OpenWorkloads(mix load.Workload, arrivals load.Arrivals) []load.Workload {
	var all []load.Workload
	for _, rate := range OpenRates {
		w := mix
		w.Connections, w.Rate, w.Arrivals = 50, rate, cmp.Or(arrivals, load.Constant)
		all = append(all, w)
	}
	return all
}

// IdleSteps are the numbers of silent connections that a server is measured with.
func IdleSteps() []int { return []int{0, 100, 1_000, 10_000} }

// SyscallWorkloads is the number of workloads, the plan's first ones, under which calls
// are counted. With many requests in flight on a connection, the number of calls depends
// on chance and on the generator.
const SyscallWorkloads = 2

// CapacityRepeats is how often the search for a capacity offers a rate. The server must
// keep it each time.
const CapacityRepeats = 3
