package charts

import (
	"math"
	"slices"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/report/plot"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// Memory shows how a server's memory grows with silent connections.
func Memory(r *results.Results) *plot.Figure {
	const title = "Memory ramp: RSS by silent connections"
	steps := r.Plan.IdleConnections
	p := plot.Picture{ID: "idle-memory", Title: title}
	f := &plot.Figure{ID: p.ID, Missing: "The memory of servers with silent connections is not known.", Table: plot.Table{
		Caption: "RSS with silent connections, MiB; in brackets the number of connections, if fewer", Head: []string{"model"},
	}}
	mebibytes := func(c *results.IdleCell) float64 { return float64(c.Resources.RSS) / (1 << 20) }
	var values []float64
	most := 1.0
	for i := range r.Idle {
		if c := &r.Idle[i]; c.Resources != nil {
			values = append(values, mebibytes(c))
			most = max(most, float64(c.Connections))
		}
	}
	for _, n := range steps {
		most = max(most, float64(n))
		f.Table.Head = append(f.Table.Head, format.Thousands(float64(n)))
	}
	f.Table.Head = append(f.Table.Head, "PSS at the end", "for each", "why it ended")
	y, ok := plot.Logarithmic(values, plot.PanelHeight, 0)
	if !ok {
		return f
	}
	// The axis goes from 0 to ten thousand: the logarithm of one more has a place for 0.
	x := func(n int) float64 { return 8 + (plot.PanelWidth-16)*math.Log1p(float64(n))/math.Log1p(most) }
	var xs []plot.Label
	for _, n := range steps {
		xs = append(xs, plot.Label{At: x(n), Text: format.Compact(float64(n))})
	}
	ys := y.Labels(format.Digits)

	p.Desc = "A plot for each model: the server’s memory against the number of silent connections that it holds, both axes logarithmic. Lower is better. A ring: it held no more connections than that."
	for _, s := range r.Servers {
		f.Table.Rows = append(f.Table.Rows, memoryRow(r, s))
	}
	f.Missing = ""
	f.Draw(p, func(p *plot.Picture) {
		p.Heading(title)
		for i, s := range r.Servers {
			pl := p.Panel(i, len(r.Servers), xs, ys)
			ramp := func(server string) (line []plot.Spot) {
				for _, c := range idleCells(r, server) {
					if c != nil {
						line = append(line, plot.Spot{X: pl.Left + x(c.Connections), Y: pl.Top + y.At(mebibytes(c))})
					}
				}
				return line
			}
			for _, other := range r.Servers {
				if other != s {
					p.Polyline("faint", ramp(other.Name))
				}
			}
			line := ramp(s.Name)
			p.Polyline(plot.Class("curve", i), line)
			for _, at := range line {
				p.Shape(plot.Class("full", i), i, at.X, at.Y)
			}
			if n := len(line); n > 0 && endedEarly(r, s) {
				p.Ring(line[n-1].X, line[n-1].Y)
			}
			p.PanelHead(pl, i, s.Name, memoryNote(r, s))
		}
		p.PanelsEnd(len(r.Servers), "MiB by silent connections · log scales",
			p.LineSign("curve c0", "RSS"), p.LineSign("faint", "others"), p.RingSign("it held no more"))
	})
	return f
}

// endedEarly reports whether a server held fewer connections than it was to hold.
func endedEarly(r *results.Results, s *results.Server) bool {
	return slices.ContainsFunc(idleCells(r, s.Name), func(c *results.IdleCell) bool { return c != nil && c.Short != "" })
}

// memoryNote is for the head of a server's panel: what a connection costs, and where
// its line ends.
func memoryNote(r *results.Results, s *results.Server) string {
	each := PerConnection(r, s.Name)
	note := NothingOf(s, "not measured")
	for _, c := range idleCells(r, s.Name) {
		switch {
		case c == nil:
		case c.Short != "":
			note = each + ", end " + format.Thousands(float64(c.Connections))
		case s.OneAtATime:
			note = "holds one"
		case each != format.Absent:
			note = each + " each"
		default:
			note = each
		}
	}
	return note
}

func memoryRow(r *results.Results, s *results.Server) []string {
	row := []string{s.Name}
	pss, why := format.Absent, format.Absent
	for i, c := range idleCells(r, s.Name) {
		if c == nil {
			row = append(row, format.Absent)
			continue
		}
		row = append(row, format.Mebibytes(c.Resources.RSS)+held(c, r.Plan.IdleConnections[i]))
		why = whyEnded(s, c, why)
		if c.Resources.PSS > 0 {
			pss = format.Mebibytes(c.Resources.PSS)
		}
	}
	return append(row, pss, PerConnection(r, s.Name), why)
}
