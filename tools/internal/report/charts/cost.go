package charts

import (
	"fmt"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/report/plot"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/text"
)

// Cost shows the server's CPU time per request: a dot for each round, their median,
// and the median's interval of 95 % confidence, if there are enough rounds for one.
func Cost(r *results.Results, workload int) *plot.Figure {
	const rowHeight, top = 48, 34
	title := text.WorkloadTitle(r.Plan.Workloads[workload])
	t := plot.Table{
		Caption: "Server CPU per request, µs: " + title,
		Head:    []string{"model", "median", "95 % interval", "each round"},
	}
	p := plot.Picture{
		ID:    fmt.Sprintf("cost-%d", workload+1),
		Title: "Server CPU per request: " + title,
	}
	var all []float64
	for _, s := range r.Servers {
		all = append(all, costs(r, s.Name, workload)...)
		if in := intervalOf(r, s.Name, workload); in != nil {
			all = append(all, in.Low/1e3, in.High/1e3)
		}
	}
	x, ok := plot.Logarithmic(all, plot.Margin+6, plot.Width-plot.Margin-6)
	if !ok {
		return &plot.Figure{ID: p.ID, Missing: title + ": no server’s CPU time is known."}
	}
	p.Heading("CPU per request · " + title)
	y := float64(top)
	bottom := y + float64(len(r.Servers)*rowHeight)
	for _, l := range x.Labels(func(v float64) string { return fmt.Sprintf("%g", v) }) {
		p.Text(l.At, bottom+16, "middle", "soft", l.Text)
	}
	p.Text(plot.Width/2, bottom+34, "middle", "soft", "µs per request, log scale; ● round   ◆ median")
	some := false
	for _, s := range r.Servers {
		rounds := costs(r, s.Name, workload)
		p.Text(plot.Margin, y+14, "start", "", format.Clip(s.Name, 34))
		value, class := NothingOf(s, "not measured"), "soft"
		if len(rounds) > 0 {
			middle := results.Median(rounds)
			class, value = "value", format.ThreeDigits(middle)
			p.Line("rule", plot.Margin, y+27, plot.Width-plot.Margin, y+27)
			for _, v := range x.Ticks() {
				p.Line("rule", x.At(v), y+21, x.At(v), y+33)
			}
			if in := intervalOf(r, s.Name, workload); in != nil {
				p.Whisker(x.At(in.Low/1e3), x.At(in.High/1e3), y+27)
				some = true
			}
			for _, v := range rounds {
				p.Shape("dot", plot.Circle, x.At(v), y+27)
			}
			p.Shape("median", plot.Diamond, x.At(middle), y+27)
		}
		p.Text(plot.Width-plot.Margin, y+14, "end", class, value)
		row := []string{s.Name, value, Interval(intervalOf(r, s.Name, workload)), ""}
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
		p.Text(plot.Width/2, bottom+52, "middle", "soft", "├─┤ the median’s 95 % interval")
		p.Height += 18
		p.Desc += " A line with ends: the interval in which the median is, with a confidence of 95 %."
	}
	return &plot.Figure{ID: p.ID, Picture: &p, Table: t}
}

// intervalOf returns the interval of the median of a server's CPU time, nil if there
// are too few rounds for one.
func intervalOf(r *results.Results, server string, workload int) *results.Interval {
	sum := r.SummaryOf(server, workload)
	if sum == nil || sum.Cost == nil {
		return nil
	}
	return sum.Cost.Interval
}

// Interval writes an interval in µs.
func Interval(in *results.Interval) string {
	if in == nil {
		return format.Absent
	}
	return format.ThreeDigits(in.Low/1e3) + "–" + format.ThreeDigits(in.High/1e3)
}
