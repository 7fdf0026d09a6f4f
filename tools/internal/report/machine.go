package report

import (
	"fmt"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/text"
)

// stolen names the cells in which the host took more than results.DisturbedShare of the
// CPU time. known is false if no cell tells.
func stolen(r *results.Results) (cells []string, known bool) {
	look := func(c *results.Cell, name string) {
		if c.Steal == nil {
			return
		}
		known = true
		if *c.Steal > results.DisturbedShare {
			cells = append(cells, name+": "+format.Percent(*c.Steal))
		}
	}
	closed := func(c *results.Cell, again string) {
		look(c, fmt.Sprintf("%s%s, %s, round %d", c.Server, again, text.WorkloadName(r.Plan.Workloads[c.Workload]), c.Round))
	}
	for i := range r.Runs {
		closed(&r.Runs[i], "")
	}
	for i := range r.Again {
		closed(&r.Again[i], " (A/A)")
	}
	for i := range r.Open {
		look(&r.Open[i], openCellName(r, &r.Open[i]))
	}
	return cells, known
}

// pauses writes the figures of the machine's pauses.
func pauses(p results.Pauses) []pair {
	if p.PerSecond == 0 {
		return []pair{{"pauses", "none was seen"}}
	}
	return []pair{
		{"pauses in a second", format.Thousands(p.PerSecond)},
		{"of the time", format.Percent(p.Share)},
		{"median", format.Duration(p.Median)},
		{"longest", format.Duration(p.Longest)},
	}
}

// binaries are the SHA-256 of the servers' programs. Servers with the same program
// share a line.
func binaries(r *results.Results) []pair {
	var all []pair
	for _, s := range r.Servers {
		sum := s.Binary
		if sum == "" {
			sum = "not known"
		}
		if s.Running() {
			sum = "it ran already, at " + s.Addr
		}
		if n := len(all); n > 0 && all[n-1].Value == sum {
			all[n-1].Name += ", " + s.Name
			continue
		}
		all = append(all, pair{s.Name, sum})
	}
	return all
}
