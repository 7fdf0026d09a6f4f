package text

import (
	"fmt"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// WorkloadName is short enough for a column: "1 conn", "50 × 16".
func WorkloadName(w load.Workload) string {
	switch {
	case w.Depth > 1:
		return fmt.Sprintf("%s × %d", format.Thousands(float64(w.Connections)), w.Depth)
	case w.Connections == 1:
		return "1 conn"
	default:
		return format.Thousands(float64(w.Connections)) + " conns"
	}
}

// WorkloadTitle names a workload in a heading.
func WorkloadTitle(w load.Workload) string {
	switch {
	case w.Depth > 1:
		return fmt.Sprintf("%s conns × %d in flight", format.Thousands(float64(w.Connections)), w.Depth)
	case w.Connections == 1:
		return "1 connection"
	default:
		return format.Thousands(float64(w.Connections)) + " connections"
	}
}
