package charts

import (
	"fmt"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/report/plot"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// Capacity shows the highest rate that each server kept within the SLO, and the
// lowest that it did not keep.
func Capacity(r *results.Results) *plot.Figure {
	const rowHeight, top = 48, 34
	f := &plot.Figure{ID: "capacity", Missing: "Capacity was not searched for.", Table: plot.Table{
		Caption: fmt.Sprintf("The highest rate with p99 within %v, requests/s", r.Plan.SLO),
		Head:    []string{"model", "kept", "not kept", "why"},
	}}
	var rates []float64
	for _, c := range r.Capacity {
		rates = append(rates, c.Rate)
		if t := c.LowestFailure(); t != nil {
			rates = append(rates, t.Rate)
		}
	}
	x, ok := plot.Logarithmic(rates, plot.Margin+8, plot.Width-plot.Margin-8)
	if !ok {
		return f
	}
	p := plot.Picture{ID: f.ID, Title: fmt.Sprintf("Capacity: the highest rate with p99 within %v", r.Plan.SLO)}
	p.Heading(fmt.Sprintf("Capacity · p99 within %v", r.Plan.SLO))
	y := float64(top)
	for _, s := range r.Servers {
		p.Text(plot.Margin, y+14, "start", "", format.Clip(s.Name, 32))
		c := r.CapacityOf(s.Name)
		if c == nil {
			p.Text(plot.Width-plot.Margin, y+14, "end", "soft", NothingOf(s, "not measured"))
			f.Table.Rows = append(f.Table.Rows, []string{s.Name, format.Absent, format.Absent, format.Absent})
			y += rowHeight
			continue
		}
		kept := keptRate(c)
		p.Text(plot.Width-plot.Margin, y+14, "end", "value", kept)
		p.Line("rule", plot.Margin, y+27, plot.Width-plot.Margin, y+27)
		row := []string{s.Name, kept, format.Absent, format.Absent}
		t := c.LowestFailure()
		if t != nil {
			row[2], row[3] = format.Thousands(t.Rate), t.Fail
			p.Cross("try", x.At(t.Rate), y+27)
		}
		if c.Rate > 0 {
			if t != nil {
				p.Line("gap", x.At(c.Rate), y+27, x.At(t.Rate), y+27)
			}
			p.Shape("median", plot.Diamond, x.At(c.Rate), y+27)
		}
		f.Table.Rows = append(f.Table.Rows, row)
		y += rowHeight
	}
	for _, l := range x.Labels(format.Compact) {
		p.Text(l.At, y+12, "middle", "soft", l.Text)
	}
	p.Text(plot.Width/2, y+30, "middle", "soft", "requests/s, log scale; ◆ kept   × not kept")
	p.Height = int(y) + 40
	p.Desc = "A row for each model, on a logarithmic axis of rates: a diamond at the highest rate that it kept within the SLO, a cross at the lowest that it did not keep. More is better. ≥: the measurement at the next rate was void."
	f.Picture, f.Missing = &p, ""
	return f
}

// keptRate writes a capacity.
func keptRate(c *results.Capacity) string {
	switch {
	case c.Rate == 0:
		return "none"
	case c.LowerBound:
		return "≥ " + format.Thousands(c.Rate)
	default:
		return format.Thousands(c.Rate)
	}
}
