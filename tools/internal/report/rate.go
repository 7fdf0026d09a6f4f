package report

import (
	"fmt"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// rateModel is a model's part of the picture.
type rateModel struct {
	name    string
	number  int
	planned []point
	tries   []point
	knee    knee
}

// rateFigure shows how long users wait at the rates of the open loop: what
// grows first when a server comes to its end is the slowest hundredth.
func rateFigure(r *results.Results) *figure {
	p := picture{ID: "rate", Title: "Response time against offered rate"}
	f := &figure{ID: p.ID, Table: rateTable(r)}
	var models []rateModel
	var rates, times []float64
	some := false
	for i, s := range r.Servers {
		m := rateModel{name: starred(s), number: i, planned: points(r, s.Name)}
		c := capacityOf(r, s.Name)
		if c != nil {
			var err error
			if m.tries, err = tried(c); err != nil {
				f.Remarks = append(f.Remarks, err.Error())
			}
		}
		m.knee = kneeOf(c, m.planned, m.tries)
		for _, q := range append(append([]point(nil), m.planned...), m.tries...) {
			rates = append(rates, q.rate)
			times = append(times, p50(q), p99(q))
			some = some || !q.blind
		}
		models = append(models, m)
	}
	if !some {
		f.Missing = "Response time against offered rate: no rate of the open loop was measured, or all cells of it were void."
		return f
	}
	if len(r.Capacity) > 0 {
		times = append(times, float64(r.Plan.SLO))
	}
	x, _ := newScale(rates, 0, plotWidth)
	y, ok := newScale(times, plotHeight, 0)
	if !ok {
		f.Missing = "Response time against offered rate: there were too few requests for any percentile."
		return f
	}

	p.text(margin, 16, "start", "title", p.Title)
	xs, ys := rateLabels(r, x), timeLabels(y)
	for i, m := range models {
		pl := p.frame(i, len(models), xs, ys)
		at := func(rate, ns float64) spot { return spot{pl.left + x.at(rate), pl.top + y.at(ns)} }
		for j, other := range models {
			if j != i {
				for _, line := range stretches(other.planned, p99, at) {
					p.polyline("faint", line)
				}
			}
		}
		if len(r.Capacity) > 0 {
			slo := pl.top + y.at(float64(r.Plan.SLO))
			p.line("slo", pl.left, slo, pl.right(), slo)
		}
		p.rateMarks(m, at)
		p.head(pl, m.number, m.name, kneeText(r.Servers[m.number], m.knee))
	}
	bottom := plotsBottom(len(models))
	p.text(plotLeft+plotWidth, bottom+34, "middle", "soft", "offered, thousand requests/s · log scales")
	signs := []sign{
		p.lineSign("curve c0", "p99"), p.lineSign("curve c0 d1", "p50"), p.lineSign("faint", "others’ p99"),
		{func(x, y float64) { p.shape("hollow c0", 0, x+14, y) }, "rate not kept"}, {func(x, y float64) { p.ring(x+14, y) }, "the knee"},
	}
	if len(r.Capacity) > 0 {
		signs = append(signs, p.lineSign("slo", fmt.Sprintf("SLO, %v", r.Plan.SLO)), sign{func(x, y float64) { p.cross("try", x+14, y) }, "p99 in the search"})
	}
	p.Height = int(p.key(bottom+58, signs...))
	p.Desc = "A plot for each model: the median and the 99th percentile of the response time against the rate that was offered, both axes logarithmic. Lower is quicker. " +
		"A hollow mark: the server did not keep the rate. A gap: the measurement was void. A ring marks the knee. A star: one connection, for it serves no second."
	f.Picture = &p
	return f
}

// p50 and p99 pick a time out of a point, 0 if it says nothing about the server.
func p50(q point) float64 {
	if q.blind {
		return 0
	}
	return q.p50
}

func p99(q point) float64 {
	if q.void {
		return 0
	}
	return q.p99
}

// stretches returns the lines through a model's points: one ends where a
// measurement was void, for what is between is not known.
func stretches(points []point, time func(point) float64, at func(rate, ns float64) spot) [][]spot {
	var all [][]spot
	open := false
	for _, q := range points {
		if time(q) == 0 {
			open = false
			continue
		}
		if !open {
			all = append(all, nil)
		}
		open = true
		last := len(all) - 1
		all[last] = append(all[last], at(q.rate, time(q)))
	}
	return all
}

func (p *picture) rateMarks(m rateModel, at func(rate, ns float64) spot) {
	for _, line := range stretches(m.planned, p50, at) {
		p.polyline(modelClass("curve d1", m.number), line)
	}
	for _, line := range stretches(m.planned, p99, at) {
		p.polyline(modelClass("curve", m.number), line)
	}
	for _, q := range m.planned {
		class := modelClass(map[bool]string{true: "full", false: "hollow"}[q.kept], m.number)
		if ns := p50(q); ns > 0 {
			s := at(q.rate, ns)
			p.small(class, s.x, s.y)
		}
		if ns := p99(q); ns > 0 {
			s := at(q.rate, ns)
			p.shape(class, m.number, s.x, s.y)
		}
	}
	for _, q := range m.tries {
		if ns := p99(q); ns > 0 {
			s := at(q.rate, ns)
			p.cross("try", s.x, s.y)
		}
	}
	if m.knee.found && m.knee.p99 > 0 {
		s := at(m.knee.rate, m.knee.p99)
		p.ring(s.x, s.y)
	}
}

// rateLabels are the plan's rates, in thousands, as far as there is room.
func rateLabels(r *results.Results, x scale) []label {
	const room = 22
	var all []label
	for _, rate := range openRates(r) {
		all = append(all, label{x.at(rate), digitsOf(rate / 1e3)})
	}
	return apart(all, room)
}

// timeLabels are round times.
func timeLabels(y scale) []label {
	var all []label
	for _, v := range y.ticks() {
		all = append(all, label{y.at(v), tick(v)})
	}
	return all
}

// cell writes one of a point's times.
func (q point) cell(ns float64, void bool) string {
	switch {
	case q.missing:
		return format.Absent
	case void:
		return "VOID"
	case ns == 0:
		return format.Absent
	case !q.kept:
		return "▲ " + duration(ns)
	default:
		return duration(ns)
	}
}

func rateTable(r *results.Results) table {
	t := table{Caption: "Response time in the open loop; ▲: the rate was not kept", Head: []string{"model"}}
	for _, rate := range openRates(r) {
		t.Head = append(t.Head, "p50 at "+format.Thousands(rate)+"/s", "p99 at "+format.Thousands(rate)+"/s")
	}
	t.Head = append(t.Head, "the knee")
	for _, s := range r.Servers {
		row := []string{s.Name}
		planned := points(r, s.Name)
		for _, q := range planned {
			row = append(row, q.cell(q.p50, q.blind), q.cell(q.p99, q.void))
		}
		t.Rows = append(t.Rows, append(row, kneeText(s, kneeOf(capacityOf(r, s.Name), planned, nil))))
	}
	return t
}
