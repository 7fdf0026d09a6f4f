package lab

import (
	"fmt"

	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// workloads are what each server has to do, in this order: from the least that
// can be in flight to so much that the cost of waiting is spread over many
// requests.
func workloads() []load.Workload {
	var ladder []load.Workload
	for _, step := range []struct{ connections, depth int }{{1, 1}, {50, 1}, {50, 16}} {
		w := load.DefaultWorkload()
		w.Connections, w.Depth = step.connections, step.depth
		ladder = append(ladder, w)
	}
	return ladder
}

// workloadName is short enough for a column: "1 conn", "50 × 16".
func workloadName(w load.Workload) string {
	switch {
	case w.Depth > 1:
		return fmt.Sprintf("%d × %d", w.Connections, w.Depth)
	case w.Connections == 1:
		return "1 conn"
	default:
		return fmt.Sprintf("%d conns", w.Connections)
	}
}

// workloadTitle is for a heading.
func workloadTitle(w load.Workload) string {
	switch {
	case w.Depth > 1:
		return fmt.Sprintf("%d conns × %d in flight", w.Connections, w.Depth)
	case w.Connections == 1:
		return "1 connection"
	default:
		return fmt.Sprintf("%d connections", w.Connections)
	}
}
