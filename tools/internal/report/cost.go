package report

import (
	"fmt"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/text"
)

// costFigure shows the server's CPU time per request: each round a dot, the
// median of them, and where that is with a confidence of 95 %, if there are
// enough rounds to say.
func costFigure(r *results.Results, workload int) *figure {
	const rowHeight, top = 48, 34
	title := text.WorkloadTitle(r.Plan.Workloads[workload])
	t := table{
		Caption: "Server CPU per request, µs: " + title,
		Head:    []string{"model", "median", "95 % interval", "each round"},
	}
	p := picture{
		ID:    fmt.Sprintf("cost-%d", workload+1),
		Title: "Server CPU per request: " + title,
	}
	var all []float64
	for _, s := range r.Servers {
		all = append(all, costs(cells(r, s.Name, workload))...)
		if in := intervalOf(r, s.Name, workload); in != nil {
			all = append(all, in.Low/1e3, in.High/1e3)
		}
	}
	x, ok := newScale(all, margin+6, width-margin-6)
	if !ok {
		return &figure{ID: p.ID, Missing: title + ": no server’s CPU time is known."}
	}
	p.text(margin, 16, "start", "title", "CPU per request · "+title)
	y := float64(top)
	bottom := y + float64(len(r.Servers)*rowHeight)
	for _, v := range x.ticks() {
		p.text(x.at(v), bottom+16, "middle", "soft", fmt.Sprintf("%g", v))
	}
	p.text(width/2, bottom+34, "middle", "soft", "µs per request, log scale; ● round   ◆ median")
	some := false
	for _, s := range r.Servers {
		rounds := costs(cells(r, s.Name, workload))
		p.text(margin, y+14, "start", "", short(s.Name, 34))
		middle, known := median(rounds)
		value := nothingOf(s, "not measured")
		if known {
			value = format.ThreeDigits(middle)
			p.line("rule", margin, y+27, width-margin, y+27)
			for _, v := range x.ticks() {
				p.line("rule", x.at(v), y+21, x.at(v), y+33)
			}
			if in := intervalOf(r, s.Name, workload); in != nil {
				p.whisker(x.at(in.Low/1e3), x.at(in.High/1e3), y+27)
				some = true
			}
			for _, v := range rounds {
				p.shape("dot", 0, x.at(v), y+27)
			}
			p.shape("median", 3, x.at(middle), y+27)
		}
		p.text(width-margin, y+14, "end", map[bool]string{true: "value", false: "soft"}[known], value)
		row := []string{s.Name, value, interval(intervalOf(r, s.Name, workload)), ""}
		for i, v := range rounds {
			if i > 0 {
				row[3] += " · "
			}
			row[3] += format.ThreeDigits(v)
		}
		t.Rows = append(t.Rows, row)
		y += rowHeight
	}
	p.Height = int(bottom) + 44
	p.Desc = "One row for each model, from few to many microseconds on a logarithmic axis; a dot for each round, a diamond for the median. Less is better."
	if some {
		p.text(width/2, bottom+52, "middle", "soft", "├─┤ where the median is, to 95 %")
		p.Height += 18
		p.Desc += " A line with ends: where the median is, with a confidence of 95 %."
	}
	return &figure{ID: p.ID, Picture: &p, Table: t}
}

// intervalOf is where the median of a server's CPU time is. nil: there are too
// few rounds to say.
func intervalOf(r *results.Results, server string, workload int) *results.Interval {
	sum := r.SummaryOf(server, workload)
	if sum == nil || sum.Cost == nil {
		return nil
	}
	return sum.Cost.Interval
}

// interval writes it in µs.
func interval(in *results.Interval) string {
	if in == nil {
		return format.Absent
	}
	return format.ThreeDigits(in.Low/1e3) + "–" + format.ThreeDigits(in.High/1e3)
}

func (p *picture) whisker(from, to, y float64) {
	p.line("whisker", from, y, to, y)
	p.line("whisker", from, y-7, from, y+7)
	p.line("whisker", to, y-7, to, y+7)
}
