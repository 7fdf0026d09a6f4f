package text

import (
	"fmt"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// capacityTable is the table of capacities.
func capacityTable(r *results.Results) *Table {
	g := &Table{Caption: fmt.Sprintf("Capacity: the highest rate with p99 within %v", r.Plan.SLO),
		Columns: []Column{{"", "MODEL"}, {"", "REQ/S"}, {"", "NOT KEPT"}, {"", "P99 THERE"}}}
	for _, c := range r.Capacity {
		rate := format.Thousands(c.Rate)
		if c.LowerBound {
			rate = "≥ " + rate
		}
		failed, p99 := format.Absent, format.Absent
		if t := c.LowestFailure(); t != nil {
			failed, p99 = format.Thousands(t.Rate), format.Latency(t.Runs[len(t.Runs)-1].Load.Response.P99)
		}
		g.Rows = append(g.Rows, Row{Cells: []string{c.Server, rate, failed, p99}})
	}
	return g
}

// capacityNotes explains the table of capacities.
func capacityNotes(r *results.Results) []string {
	if len(r.Capacity) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("Capacity: the highest rate that the server kept in %d of %d repeats, with p99 within %v and no errors. "+
		"≥ the measurement at the next higher rate was void.", results.CapacityRepeats, results.CapacityRepeats, r.Plan.SLO)}
}
