package term

import (
	"strings"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/text"
)

// liveTable returns the lines of the table of figures so far; none if it does not fit.
func liveTable(r *results.Results, m moment, width int, style text.Style) []string {
	g := soFar(r)
	names, others := 0, 0
	for i, w := range g.Widths() {
		if i == 0 {
			names = w
		} else {
			others += len(g.Before(i)) + w
		}
	}
	room := width - others - len(text.Gap) - nowWidth
	if room < min(names, leastName) {
		return nil
	}
	names = min(names, room)
	for i, s := range r.Servers {
		g.Rows[i].Cells[0] = format.Shorten(s.Name, names)
		g.Rows[i].Remark, g.Rows[i].Calm = text.Remark(s, false), s.Unavailable != ""
		if s.Name == m.server && !s.Out() {
			g.Rows[i].Remark, _, _ = strings.Cut(m.what, " · ")
			g.Rows[i].Calm = true
		}
		g.Rows[i].Remark = format.Clip(g.Rows[i].Remark, width-names-others-len(text.Gap))
	}
	return strings.Split(strings.TrimSuffix(g.Text(style), "\n"), "\n")
}

// The least room for a server's name, and for its running measurement.
const (
	leastName = 12
	nowWidth  = 14
)

// soFar is the table of the figures so far: medians of the rounds, under the middle one
// of the workloads and at the middle one of the rates.
func soFar(r *results.Results) *text.Table {
	closed, open := len(r.Plan.Workloads)/2, len(r.Plan.Open)/2
	g := &text.Table{Columns: []text.Column{{Name: "MODEL"}, {Name: "RULES"}}}
	if r.Plan.Has(results.Closed) {
		group := text.WorkloadName(r.Plan.Workloads[closed])
		g.Columns = append(g.Columns, text.Column{Group: group, Name: "µs/REQ"}, text.Column{Group: group, Name: "REQ/S"})
	}
	if r.Plan.Has(results.OpenLoop) {
		g.Columns = append(g.Columns, text.Column{Group: format.Thousands(r.Plan.Open[open].Rate) + "/s", Name: "P99"})
	}
	if r.Plan.Has(results.Idle) {
		g.Columns = append(g.Columns, text.Column{Name: "IDLE"})
	}
	for _, s := range r.Servers {
		cells := []string{s.Name, s.Rules.String()}
		if r.Plan.Has(results.Closed) {
			cpu, rate := closedSoFar(results.CellsOf(r.Runs, s.Name, closed))
			cells = append(cells, cpu, rate)
		}
		if r.Plan.Has(results.OpenLoop) {
			cells = append(cells, openSoFar(results.CellsOf(r.Open, s.Name, open)))
		}
		if r.Plan.Has(results.Idle) {
			idle := format.Absent
			if share, known := r.IdleShare(s.Name); known {
				idle = format.Percent(share)
			}
			cells = append(cells, idle)
		}
		g.Rows = append(g.Rows, text.Row{Cells: cells})
	}
	return g
}

func closedSoFar(cells []results.Cell) (cpu, rate string) {
	if len(cells) == 0 {
		return format.Absent, format.Absent
	}
	cpu = format.NotAvailable
	if known := results.WithCost(cells); len(known) > 0 {
		cpu = format.ThreeDigits(results.MedianOf(known, results.Cell.NanosPerRequest) / 1e3)
	}
	return cpu, format.Thousands(results.MedianOf(cells, func(c results.Cell) float64 { return c.Load.Rate }))
}

// openSoFar writes the median of the rounds' p99. Merging their histograms would be
// more exact, but takes too long for a drawing.
func openSoFar(cells []results.Cell) string {
	var valid []results.Cell
	for _, c := range cells {
		if len(c.Load.Void) == 0 {
			valid = append(valid, c)
		}
	}
	switch {
	case len(cells) == 0:
		return format.Absent
	case len(valid) == 0:
		return text.VoidMark
	}
	return format.Latency(results.MedianOf(valid, func(c results.Cell) time.Duration { return c.Load.Response.P99 }))
}
