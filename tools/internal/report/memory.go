package report

import (
	"math"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// memoryFigure shows how a server's memory grows with silent connections.
func memoryFigure(r *results.Results) *figure {
	const title = "Memory ramp: RSS by silent connections"
	steps := r.Plan.IdleConnections
	p := picture{ID: "idle-memory", Title: title}
	f := &figure{ID: p.ID, Missing: "No server’s memory with silent connections is known.", Table: table{
		Caption: "RSS with silent connections, MiB; in brackets how many there were, if fewer", Head: []string{"model"},
	}}
	var values []float64
	most := 1.0
	for _, c := range r.Idle {
		if c.Resources != nil {
			values = append(values, mebibytes(c.Resources.RSS))
			most = max(most, float64(c.Connections))
		}
	}
	for _, n := range steps {
		most = max(most, float64(n))
		f.Table.Head = append(f.Table.Head, format.Thousands(float64(n)))
	}
	f.Table.Head = append(f.Table.Head, "PSS at the end", "for each", "why it ended")
	y, ok := newScale(values, plotHeight, 0)
	if !ok {
		return f
	}
	// From none to ten thousand: a logarithm, of one more than there are.
	x := func(n float64) float64 { return 8 + (plotWidth-16)*math.Log1p(n)/math.Log1p(most) }
	var xs, ys []label
	for _, n := range steps {
		xs = append(xs, label{x(float64(n)), compact(float64(n))})
	}
	for _, v := range y.ticks() {
		ys = append(ys, label{y.at(v), digitsOf(v)})
	}

	p.text(margin, 16, "start", "title", title)
	for i, s := range r.Servers {
		pl := p.frame(i, len(r.Servers), xs, ys)
		ramp := func(server string) (line []spot) {
			for _, c := range idleCells(r, server) {
				if c != nil {
					line = append(line, spot{pl.left + x(float64(c.Connections)), pl.top + y.at(mebibytes(c.Resources.RSS))})
				}
			}
			return line
		}
		for _, other := range r.Servers {
			if other != s {
				p.polyline("faint", ramp(other.Name))
			}
		}
		line := ramp(s.Name)
		p.polyline(modelClass("curve", i), line)
		for _, at := range line {
			p.shape(modelClass("full", i), i, at.x, at.y)
		}
		row, note := []string{s.Name}, nothingOf(s, "not measured")
		pss, why := format.Absent, format.Absent
		if len(line) > 0 {
			note = perConnection(r, s.Name)
			if note != format.Absent {
				note += " each"
			}
		}
		for j, c := range idleCells(r, s.Name) {
			if c == nil {
				row = append(row, format.Absent)
				continue
			}
			row = append(row, format.ThreeDigits(mebibytes(c.Resources.RSS))+held(c, steps[j]))
			why = whyEnded(s, c, why)
			if c.Resources.PSS > 0 {
				pss = format.ThreeDigits(mebibytes(c.Resources.PSS))
			}
			switch {
			case c.Short != "":
				note = perConnection(r, s.Name) + ", end " + format.Thousands(float64(c.Connections))
				p.ring(line[len(line)-1].x, line[len(line)-1].y)
			case s.OneAtATime:
				note = "holds one"
			}
		}
		p.head(pl, i, s.Name, note)
		f.Table.Rows = append(f.Table.Rows, append(row, pss, perConnection(r, s.Name), why))
	}
	bottom := plotsBottom(len(r.Servers))
	p.text(plotLeft+plotWidth, bottom+34, "middle", "soft", "MiB by silent connections · log scales")
	p.Height = int(p.key(bottom+58, p.lineSign("curve c0", "RSS"), p.lineSign("faint", "others"),
		sign{func(x, y float64) { p.ring(x+14, y) }, "it held no more"}))
	p.Desc = "A plot for each model: the server’s memory against the number of silent connections that it holds, both axes logarithmic. Lower is better. A ring: it held no more connections than that."
	f.Picture, f.Missing = &p, ""
	return f
}

func mebibytes(bytes int64) float64 { return float64(bytes) / (1 << 20) }
