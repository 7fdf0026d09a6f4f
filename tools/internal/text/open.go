package text

import (
	"fmt"
	"slices"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// The marks of the open loop's table.
const (
	VoidMark     = "VOID"
	overloadMark = "▲"
)

// latencies is the table of the open loop.
func latencies(r *results.Results) *Table {
	g := &Table{Caption: "How long users wait: response times in an open loop", Columns: []Column{{"", "MODEL"}}}
	for _, w := range r.Plan.Open {
		group := format.Thousands(w.Rate) + "/s"
		g.Columns = append(g.Columns, Column{group, "P50"}, Column{group, "P99"})
	}
	for _, s := range r.Servers {
		if !slices.ContainsFunc(r.OpenSummary, func(sum results.OpenSummary) bool { return sum.Server == s.Name }) {
			continue
		}
		name := s.Name
		if s.OneAtATime {
			name += " *"
		}
		cells := []string{name}
		for i := range r.Plan.Open {
			p50, p99 := format.Absent, format.Absent
			if sum := r.OpenSummaryOf(s.Name, i); sum != nil {
				mark := ""
				if !sum.Kept {
					mark = overloadMark
				}
				p50, p99 = VoidMark, VoidMark
				if sum.MedianRounds > 0 {
					p50 = mark + format.Latency(sum.P50)
				}
				if sum.Rounds > 0 {
					p99 = mark + format.Latency(sum.Response.P99)
				}
			}
			cells = append(cells, p50, p99)
		}
		g.Rows = append(g.Rows, Row{Cells: cells})
	}
	return g
}

// openNotes explains the table of the open loop.
func openNotes(r *results.Results) []string {
	if len(r.OpenSummary) == 0 {
		return nil
	}
	notes := []string{"Response times at the same rates for all servers, over 50 connections (* over one, because the server serves no second one), " +
		"counted from when each request was due: here latencies may be compared."}
	void, of, medians, reason, overloaded := 0, 0, 0, "", false
	for _, s := range r.OpenSummary {
		void, of, medians = void+s.Void, of+s.Void+s.Rounds, medians+s.MedianRounds-s.Rounds
		if s.Reason != "" {
			reason = s.Reason
		}
		overloaded = overloaded || s.MedianRounds > 0 && !s.Kept
		if s.Errors > 0 {
			notes = append(notes, fmt.Sprintf("!  %s, at %s requests/s: %s; the first: %s",
				s.Server, format.Thousands(r.Plan.Open[s.Workload].Rate), format.Count(int(s.Errors), "error"), s.FirstError))
		}
	}
	if overloaded {
		notes = append(notes, overloadMark+"  the server did not keep the rate: a queue grew, and a longer run would give longer times.")
	}
	if void > 0 {
		but := ""
		if medians > 0 {
			but = fmt.Sprintf(", except for the medians of %d in which the generator was late with few requests", medians)
		}
		notes = append(notes, fmt.Sprintf("VOID: %d of %d cells of the open loop say more about the load generator, or about other programs, than about the server, and are left out%s; one reason: %s.",
			void, of, but, reason))
	}
	return notes
}
