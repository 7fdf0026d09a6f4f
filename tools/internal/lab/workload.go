package lab

import (
	"fmt"

	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// Shape is how much a closed loop has in flight.
type Shape struct{ Connections, Depth int }

// Shapes are what each server has to do, in this order: from the least that can
// be in flight to so much that the cost of waiting is spread over many requests.
var Shapes = []Shape{{1, 1}, {50, 1}, {50, 16}}

// workloads are those of the shapes, by default Shapes. mix is what they have in
// common: which requests, keys and values.
func workloads(mix load.Workload, shapes ...Shape) []load.Workload {
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

// WorkloadName is short enough for a column: "1 conn", "50 × 16".
func WorkloadName(w load.Workload) string {
	switch {
	case w.Depth > 1:
		return fmt.Sprintf("%s × %d", thousands(float64(w.Connections)), w.Depth)
	case w.Connections == 1:
		return "1 conn"
	default:
		return thousands(float64(w.Connections)) + " conns"
	}
}

// WorkloadTitle is for a heading.
func WorkloadTitle(w load.Workload) string {
	switch {
	case w.Depth > 1:
		return fmt.Sprintf("%s conns × %d in flight", thousands(float64(w.Connections)), w.Depth)
	case w.Connections == 1:
		return "1 connection"
	default:
		return thousands(float64(w.Connections)) + " connections"
	}
}
