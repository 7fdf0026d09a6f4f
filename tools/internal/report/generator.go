package report

import (
	"fmt"
	"strings"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/report/plot"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/text"
)

// openCellName names a cell of the open loop.
func openCellName(r *results.Results, c *results.Cell) string {
	return fmt.Sprintf("%s, %s/s, round %d", c.Server, format.Thousands(r.Plan.Open[c.Workload].Rate), c.Round)
}

// voids names the void cells of the open loop, and why each is void.
func voids(r *results.Results) []string {
	var all []string
	for i := range r.Open {
		if c := &r.Open[i]; len(c.Load.Void) > 0 {
			all = append(all, openCellName(r, c)+": "+strings.Join(c.Load.Void, "; "))
		}
	}
	return all
}

// voidCounts counts the void rounds, by model and rate.
func voidCounts(r *results.Results) plot.Table {
	t := plot.Table{Caption: "Void rounds of the open loop", Head: []string{"model"}}
	for _, w := range r.Plan.Open {
		t.Head = append(t.Head, format.Thousands(w.Rate)+"/s")
	}
	for _, s := range r.Servers {
		row := []string{s.Name}
		for w := range r.Plan.Open {
			value := format.Absent
			if sum := r.OpenSummaryOf(s.Name, w); sum != nil {
				value = fmt.Sprintf("%d of %d", sum.Void, sum.Void+sum.Rounds)
			}
			row = append(row, value)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// lateness compares the generator's own lateness with the response times, in each cell
// of the open loop.
func lateness(r *results.Results) plot.Table {
	t := plot.Table{
		Caption: "The p99 of how late requests were sent, beside the response time’s p99; and the rate as a share of the generator’s ceiling",
		Head:    []string{"cell", "sent late", "response", "share", "of the ceiling", ""},
	}
	for i := range r.Open {
		c := &r.Open[i]
		lag, p99 := c.Load.SendLag.P99, c.Load.Response.P99
		share, ceiling, void := format.Absent, format.Absent, ""
		if lag > 0 && p99 > 0 {
			share = format.Percent(float64(lag) / float64(p99))
		}
		if most := c.Load.Generator.Ceiling; most > 0 {
			ceiling = ofCeiling(c.Load.Rate / most)
		}
		if len(c.Load.Void) > 0 {
			void = "VOID"
		}
		t.Rows = append(t.Rows, []string{openCellName(r, c), format.Duration(lag), format.Duration(p99), share, ceiling, void})
	}
	return t
}

// ceilings compares the rates of the closed loop with the generator's ceiling.
func ceilings(r *results.Results) plot.Table {
	t := plot.Table{
		Caption: fmt.Sprintf("Requests/s in the closed loop, and as a share of the generator’s ceiling; ≥: %.0f %% of it or more, so the server may be able to do more", load.CeilingLimit*100),
		Head:    []string{"model"},
	}
	most := make([]float64, len(r.Plan.Workloads)) // 0: not known
	for _, c := range r.Ceiling {
		most[c.Workload] = c.Load.Rate
	}
	first := []string{"the ceiling"}
	for w := range r.Plan.Workloads {
		t.Head = append(t.Head, text.WorkloadName(r.Plan.Workloads[w]))
		value := format.Absent
		if most[w] > 0 {
			value = format.Thousands(most[w])
		}
		first = append(first, value)
	}
	t.Rows = append(t.Rows, first)
	for _, s := range r.Servers {
		row := []string{s.Name}
		for w := range r.Plan.Workloads {
			value := format.Absent
			if sum := r.SummaryOf(s.Name, w); sum != nil {
				value = format.Thousands(sum.Rate)
				if most[w] > 0 {
					value += " · " + ofCeiling(sum.Rate/most[w])
				}
			}
			row = append(row, value)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// ofCeiling writes a share of the generator's ceiling, and marks a share at which the
// generator may have been the limit.
func ofCeiling(share float64) string {
	text := format.Percent(share) // with a decimal, because 69.6 % is below the limit of 70
	if share >= load.CeilingLimit {
		text = "≥ " + text
	}
	return text
}

// limited are the cells of the closed loop in which the generator was busier than
// load.GeneratorLimit.
func limited(r *results.Results) []string {
	var all []string
	for _, c := range r.Runs {
		if share := c.Load.Generator.Busy; share > load.GeneratorLimit {
			all = append(all, fmt.Sprintf("%s, %s, round %d: %.0f %% of its core", c.Server, text.WorkloadName(r.Plan.Workloads[c.Workload]), c.Round, share*100))
		}
	}
	return all
}
