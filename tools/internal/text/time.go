package text

import (
	"cmp"
	"fmt"
	"math"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// LeastActivity is the share of a server's CPU time below which an activity is not shown
// on its own.
const LeastActivity = 0.005

// timeSpent is the table of what CPU time is spent on.
func timeSpent(r *results.Results) *Table {
	w := r.Plan.ProfileWorkload()
	group := "µs/request"
	if w < len(r.Plan.Workloads) {
		group = WorkloadTitle(r.Plan.Workloads[w]) + ", " + group
	}
	g := &Table{Caption: "Where the CPU time goes", Columns: []Column{{"", "MODEL"}, {group, "ALL"}}}
	shown := r.Spends(LeastActivity)
	for _, a := range shown {
		g.Columns = append(g.Columns, Column{group, string(a)})
	}
	g.Columns = append(g.Columns, Column{"profile", "SAMPLES"}, Column{"profile", "EXPLAINED"})
	for _, s := range r.Servers {
		c := r.TimeOf(s.Name)
		if c == nil {
			continue
		}
		cells := []string{s.Name, format.ThreeDigits(c.Total() / 1e3)}
		for _, a := range shown {
			cells = append(cells, format.ThreeDigits(c.PerRequest(a)/1e3))
		}
		row := Row{Cells: append(cells, format.Thousands(float64(c.Samples)), fmt.Sprintf("%.0f %%", 100*c.Explained()))}
		if c.Taken() != "" {
			row.Remark = "disturbed"
		}
		g.Rows = append(g.Rows, row)
	}
	return g
}

// TimeNotes explains what CPU time is spent on, and why servers differ.
func TimeNotes(r *results.Results) []string {
	fewest, explained, any := int64(math.MaxInt64), math.Inf(1), false
	for _, s := range r.Servers {
		if c := r.TimeOf(s.Name); c != nil {
			fewest, explained, any = min(fewest, c.Samples), min(explained, c.Explained()), true
		}
	}
	if !any {
		return nil
	}
	notes := []string{fmt.Sprintf("What CPU time is spent on is from a CPU profile of each server, in a separate pass, because profiling slows a server. "+
		"A sample stands for 10 ms, and of %s a share is within ±%.0f %% in 95 of 100 cases. "+
		"The samples explain %.0f %% or more of each server's CPU time.", format.Count(int(fewest), "sample"), 100/math.Sqrt(float64(fewest)), 100*explained)}
	for _, a := range r.Spends(0.0001) {
		if a == results.TimeRing {
			notes = append(notes, "Within one io_uring_enter the kernel reads, writes and waits: compare it with these three together.")
		}
	}
	disturbed, one := 0, ""
	for _, s := range r.Servers {
		if c := r.TimeOf(s.Name); c != nil && c.Taken() != "" {
			disturbed++
			one = cmp.Or(one, s.Name+": "+c.Taken())
		}
	}
	if disturbed > 0 {
		notes = append(notes, fmt.Sprintf("The machine disturbed %s; one of them: %s.", format.Count(disturbed, "profile"), one))
	}
	return notes
}
