package results

import (
	"cmp"
	"slices"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// Part is something that the lab measures.
type Part string

// The parts.
const (
	Closed     Part = "closed"      // what a request costs, and how many there can be
	OpenLoop   Part = "open"        // response times at given rates
	Idle       Part = "idle"        // CPU and memory of silent connections
	Syscalls   Part = "syscalls"    // by name
	Capacities Part = "capacity"    // the highest rate within an SLO
	Stall      Part = "stall-check" // that the open loop shows a stop
	Claims     Part = "claims"      // the article's, put to the test
)

// Parts are all parts, in the order they are measured. Of them, the quick run
// leaves out the last.
var Parts = []Part{Stall, Closed, OpenLoop, Idle, Syscalls, Claims, Capacities}

// Plan says what is measured, in which order and for how long.
type Plan struct {
	Seed   uint64 `json:"seed"`
	Rounds int    `json:"rounds"`
	Parts  []Part `json:"parts"`
	// Order names the targets of each round, as they follow each other.
	Order [][]string `json:"order"`
	// Again is the target that is measured twice in each round, for the A/A
	// test; and AgainAt its place the second time, counted from 0, in each.
	Again   string `json:"again"`
	AgainAt []int  `json:"again_at"`

	Workloads []load.Workload `json:"workloads"`
	// Open are those of the open loop, by their rates. A server that serves
	// one client at a time gets them over one connection.
	Open []load.Workload `json:"open"`
	// Cell is how long a workload is measured, after Warmup; OpenCell one of
	// the open loop, after half of it.
	Cell     time.Duration `json:"cell_ns"`
	OpenCell time.Duration `json:"open_cell_ns"`
	Warmup   time.Duration `json:"warmup_ns"`
	// Idle is how long a server is measured that has nothing to do, with each
	// number of connections.
	Idle            time.Duration `json:"idle_ns"`
	IdleConnections []int         `json:"idle_connections"`
	// SLO is what capacity is searched for: the p99 of the response time.
	SLO time.Duration `json:"slo_ns"`
	// Experiments are the claims that are put to the test, and AllClaims whether
	// they take the time that they need; otherwise those that are long are
	// made short, and the longest left out.
	Experiments []string `json:"experiments,omitempty"`
	AllClaims   bool     `json:"all_claims,omitempty"`
}

// Has reports whether the plan includes the part.
func (p Plan) Has(part Part) bool { return slices.Contains(p.Parts, part) }

// SeedOf is for one cell, so that all servers get the same requests in a round
// and other ones in the next.
func (p Plan) SeedOf(round, workload int) uint64 {
	return p.Seed + uint64(round*len(p.Workloads)+workload)
}

// OpenSeed is for one cell of the open loop, and none of those for the closed.
func (p Plan) OpenSeed(round, workload int) uint64 {
	return p.SeedOf(p.Rounds+1, 0) + uint64(round*len(p.Open)+workload)
}

// Mix is the usual workload with so many connections, so many requests in flight
// on each, and so many requests per second; 0: a closed loop.
func (p Plan) Mix(connections, depth int, rate float64) load.Workload {
	w := p.Workloads[0]
	w.Connections, w.Depth, w.Rate, w.Arrivals = connections, depth, rate, load.Constant
	return w
}

// Shape is how much a closed loop has in flight.
type Shape struct{ Connections, Depth int }

// Shapes are what each server has to do, in this order: from the least that can
// be in flight to so much that the cost of waiting is spread over many requests.
var Shapes = []Shape{{1, 1}, {50, 1}, {50, 16}}

// Workloads are those of the shapes, by default Shapes. mix is what they have in
// common: which requests, keys and values.
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

// OpenRates are what every server is offered in the open loop, in requests per
// second, whatever it can do: so response times can be compared, rate by rate.
var OpenRates = []float64{5_000, 10_000, 20_000, 40_000}

// OpenWorkloads are those of OpenRates. mix is what they have in common.
func OpenWorkloads(mix load.Workload, arrivals load.Arrivals) []load.Workload {
	var all []load.Workload
	for _, rate := range OpenRates {
		w := mix
		w.Connections, w.Rate, w.Arrivals = 50, rate, cmp.Or(arrivals, load.Constant)
		all = append(all, w)
	}
	return all
}

// IdleSteps is with how many silent connections a server is measured, one after
// the other.
func IdleSteps() []int { return []int{0, 100, 1_000, 10_000} }

// SyscallWorkloads is how many of the plan's workloads calls are counted under:
// the first ones. Where many requests are in flight on a connection, calls are
// few, and that is a matter of chance and of the generator's.
const SyscallWorkloads = 2

// CapacityRepeats is how often a rate is offered in the search for a capacity: it is
// kept if it was each time.
const CapacityRepeats = 3
