package report

import (
	"fmt"
	"slices"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// capacityFigure shows the highest rate that each model kept within the SLO,
// and the next that it did not.
func capacityFigure(r *results.Results) *figure {
	const rowHeight, top = 48, 34
	f := &figure{ID: "capacity", Missing: "Capacity was not searched for.", Table: table{
		Caption: fmt.Sprintf("The highest rate with p99 within %v, requests/s", r.Plan.SLO),
		Head:    []string{"model", "kept", "not kept", "why"},
	}}
	var rates []float64
	for i := range r.Capacity {
		c := &r.Capacity[i]
		rates = append(rates, c.Rate)
		if t := lowestFailure(c); t != nil {
			rates = append(rates, t.Rate)
		}
	}
	x, ok := newScale(rates, margin+8, width-margin-8)
	if !ok {
		return f
	}
	p := picture{ID: f.ID, Title: fmt.Sprintf("Capacity: the highest rate with p99 within %v", r.Plan.SLO)}
	p.text(margin, 16, "start", "title", fmt.Sprintf("Capacity · p99 within %v", r.Plan.SLO))
	y := float64(top)
	for _, s := range r.Servers {
		p.text(margin, y+14, "start", "", short(s.Name, 32))
		c := capacityOf(r, s.Name)
		if c == nil {
			p.text(width-margin, y+14, "end", "soft", nothingOf(s, "not measured"))
			f.Table.Rows = append(f.Table.Rows, []string{s.Name, format.Absent, format.Absent, format.Absent})
			y += rowHeight
			continue
		}
		kept := keptRate(c)
		p.text(width-margin, y+14, "end", "value", kept)
		p.line("rule", margin, y+27, width-margin, y+27)
		row := []string{s.Name, kept, format.Absent, format.Absent}
		t := lowestFailure(c)
		if t != nil {
			row[2], row[3] = format.Thousands(t.Rate), t.Fail
			p.cross("try", x.at(t.Rate), y+27)
		}
		if c.Rate > 0 {
			if t != nil {
				p.line("gap", x.at(c.Rate), y+27, x.at(t.Rate), y+27)
			}
			p.shape("median", 3, x.at(c.Rate), y+27)
		}
		f.Table.Rows = append(f.Table.Rows, row)
		y += rowHeight
	}
	for _, v := range x.ticks() {
		p.text(x.at(v), y+12, "middle", "soft", compact(v))
	}
	p.text(width/2, y+30, "middle", "soft", "requests/s, log scale; ◆ kept   × not kept")
	p.Height = int(y) + 40
	p.Desc = "A row for each model, on a logarithmic axis of rates: a diamond at the highest that it kept within the SLO, a cross at the lowest that it did not. More is better. ≥: the next rate said nothing about the server."
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

// capacityOf returns what the search for a model's capacity has found, or nil.
func capacityOf(r *results.Results, server string) *results.Capacity {
	i := slices.IndexFunc(r.Capacity, func(c results.Capacity) bool { return c.Server == server })
	if i < 0 {
		return nil
	}
	return &r.Capacity[i]
}

// lowestFailure returns the try with the lowest rate that was not kept within
// the SLO, or nil.
func lowestFailure(c *results.Capacity) *results.Try {
	var lowest *results.Try
	for i := range c.Tries {
		if t := &c.Tries[i]; t.Fail != "" && (lowest == nil || t.Rate < lowest.Rate) {
			lowest = t
		}
	}
	return lowest
}
