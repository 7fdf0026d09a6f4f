package report

import (
	"fmt"
	"slices"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/text"
)

// noiseFigure shows how far rounds are apart, and how far a server was from
// itself: what is closer together than that is not different.
func noiseFigure(r *results.Results) *figure {
	const title = "Spread of CPU per request"
	p := picture{ID: "noise", Title: title + " between the rounds, and A/A"}
	f := &figure{ID: p.ID, Missing: "There is one round only, or no CPU time: there is no spread.", Table: table{
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
	var rows []barRow
	if some {
		row := barRow{name: "A/A: " + r.Noise[0].Server + ", twice", class: "bar2"}
		for _, n := range again {
			b := bar{text: format.Absent}
			if n != nil {
				b = bar{fmt.Sprintf("%.0f %%", n.CPU*100), n.CPU, true, -1}
			}
			row.bars = append(row.bars, b)
		}
		rows = append(rows, row)
	}
	for _, s := range r.Servers {
		row := barRow{name: s.Name, class: "median"}
		for w := range heads {
			b := bar{text: format.Absent}
			if sum := r.SummaryOf(s.Name, w); sum != nil && sum.Cost != nil && sum.Rounds > 1 {
				b = bar{fmt.Sprintf("%.0f %%", sum.Cost.Spread*100), sum.Cost.Spread, true, -1}
				if again[w] != nil {
					b.mark = again[w].CPU
				}
				most, some = max(most, b.share), true
			}
			row.bars = append(row.bars, b)
		}
		rows = append(rows, row)
	}
	for _, row := range rows {
		cells := []string{row.name}
		for i := range row.bars {
			cells = append(cells, row.bars[i].text)
			if most > 0 {
				row.bars[i].share /= most
				row.bars[i].mark /= most
			}
		}
		f.Table.Rows = append(f.Table.Rows, cells)
	}
	if !some {
		return f
	}
	p.text(margin, 16, "start", "title", title)
	bottom := p.bars(40, heads, rows)
	p.text(margin, bottom+10, "start", "soft", fmt.Sprintf("a whole bar is %.0f %%", most*100))
	if slices.ContainsFunc(again, func(n *results.Noise) bool { return n != nil }) {
		p.text(width-margin, bottom+10, "end", "soft", "| A/A")
	}
	p.Height = int(bottom) + 20
	p.Desc = "A row for each model, a bar for each workload: how far the CPU time per request was apart between the rounds. The first row, and a stroke across each bar: how far one server was from itself, measured twice as if it were two."
	f.Picture, f.Missing = &p, ""
	return f
}
