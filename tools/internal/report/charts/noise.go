package charts

import (
	"fmt"
	"slices"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/report/plot"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/text"
)

// Noise shows how far the rounds are apart, and how far the A/A run's two
// measurements are. Smaller differences mean nothing.
func Noise(r *results.Results) *plot.Figure {
	const title = "Spread of CPU per request"
	p := plot.Picture{ID: "noise", Title: title + " between the rounds, and A/A"}
	f := &plot.Figure{ID: p.ID, Missing: "There is no spread: only one round was measured, or no CPU time.", Table: plot.Table{
		Caption: "CPU per request: the largest of the rounds less the smallest, as a share of the median; A/A: one server measured twice, the difference of the medians",
		Head:    []string{"model"},
	}}
	var heads []string
	for w := range r.Plan.Workloads {
		heads = append(heads, text.WorkloadName(r.Plan.Workloads[w]))
	}
	f.Table.Head = append(f.Table.Head, heads...)
	again := make([]*results.Noise, len(heads))
	most, some := 0.0, false
	for i, n := range r.Noise {
		again[n.Workload] = &r.Noise[i]
		most, some = max(most, n.CPU), true
	}
	known := func(share float64) plot.Bar {
		return plot.Bar{Text: fmt.Sprintf("%.0f %%", share*100), Share: share, Known: true, Mark: -1}
	}
	var rows []plot.BarRow
	if some {
		row := plot.BarRow{Name: "A/A: " + r.Noise[0].Server + ", twice", Class: "bar2"}
		for _, n := range again {
			b := plot.Bar{Text: format.Absent}
			if n != nil {
				b = known(n.CPU)
			}
			row.Bars = append(row.Bars, b)
		}
		rows = append(rows, row)
	}
	for _, s := range r.Servers {
		row := plot.BarRow{Name: s.Name, Class: "median"}
		for w := range heads {
			b := plot.Bar{Text: format.Absent}
			if sum := r.SummaryOf(s.Name, w); sum != nil && sum.Cost != nil && sum.Rounds > 1 {
				b = known(sum.Cost.Spread)
				if again[w] != nil {
					b.Mark = again[w].CPU
				}
				most, some = max(most, b.Share), true
			}
			row.Bars = append(row.Bars, b)
		}
		rows = append(rows, row)
	}
	for _, row := range rows {
		cells := []string{row.Name}
		for i := range row.Bars {
			cells = append(cells, row.Bars[i].Text)
			if most > 0 {
				row.Bars[i].Share /= most
				row.Bars[i].Mark /= most
			}
		}
		f.Table.Rows = append(f.Table.Rows, cells)
	}
	if !some {
		return f
	}
	p.Heading(title)
	bottom := p.Bars(40, heads, rows)
	p.Text(plot.Margin, bottom+10, "start", "soft", fmt.Sprintf("a whole bar is %.0f %%", most*100))
	if slices.ContainsFunc(again, func(n *results.Noise) bool { return n != nil }) {
		p.Text(plot.Width-plot.Margin, bottom+10, "end", "soft", "| A/A")
	}
	p.Height = int(bottom) + 20
	p.Desc = "A row for each model, a bar for each workload: how far the rounds’ CPU times per request were apart. The first row, and a stroke across each bar: how far the two measurements of one server were apart."
	f.Picture, f.Missing = &p, ""
	return f
}
