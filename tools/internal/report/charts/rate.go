package charts

import (
	"fmt"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/report/plot"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/text"
)

// rateModel is a model's part of the picture.
type rateModel struct {
	name    string
	number  int
	planned []point
	tries   []point
	knee    knee
}

// Rate shows how long users wait at the rates of the open loop. Near a server's limit
// the slowest hundredth grows first.
func Rate(r *results.Results) *plot.Figure {
	p := plot.Picture{ID: "rate", Title: "Response time against offered rate"}
	f := &plot.Figure{ID: p.ID, Table: rateTable(r)}
	var models []rateModel
	var rates, times []float64
	some := false
	for i, s := range r.Servers {
		m := rateModel{name: starred(s), number: i, planned: points(r, s.Name)}
		c := r.CapacityOf(s.Name)
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
	x, _ := plot.Logarithmic(rates, 0, plot.PanelWidth)
	y, ok := plot.Logarithmic(times, plot.PanelHeight, 0)
	if !ok {
		f.Missing = "Response time against offered rate: there were too few requests for any percentile."
		return f
	}

	p.Desc = "A plot for each model: the median and the 99th percentile of the response time against the rate that was offered, both axes logarithmic. Lower is quicker. " +
		"A hollow mark: the server did not keep the rate. A gap: the measurement was void. A ring marks the knee. A star: one connection only, because the server serves no second one."
	xs, ys := rateLabels(r, x), y.TimeLabels()
	f.Draw(p, func(p *plot.Picture) {
		p.Heading(p.Title)
		for i, m := range models {
			pl := p.Panel(i, len(models), xs, ys)
			at := func(rate, ns float64) plot.Spot { return plot.Spot{X: pl.Left + x.At(rate), Y: pl.Top + y.At(ns)} }
			for j, other := range models {
				if j != i {
					for _, line := range stretches(other.planned, p99, at) {
						p.Polyline("faint", line)
					}
				}
			}
			if len(r.Capacity) > 0 {
				slo := pl.Top + y.At(float64(r.Plan.SLO))
				p.Line("slo", pl.Left, slo, pl.Left+plot.PanelWidth, slo)
			}
			rateMarks(p, m, at)
			p.PanelHead(pl, m.number, m.name, kneeText(r.Servers[m.number], m.knee))
		}
		signs := []plot.Sign{
			p.LineSign("curve c0", "p99"), p.LineSign("curve c0 d1", "p50"), p.LineSign("faint", "others’ p99"),
			p.ShapeSign("hollow c0", plot.Circle, "rate not kept"), p.RingSign("the knee"),
		}
		if len(r.Capacity) > 0 {
			signs = append(signs, p.LineSign("slo", fmt.Sprintf("SLO, %v", r.Plan.SLO)), p.CrossSign("try", "p99 in the search"))
		}
		p.PanelsEnd(len(models), "offered, thousand requests/s · log scales", signs...)
	})
	return f
}

// p50 and p99 return a point's time, 0 if it says nothing about the server.
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

// stretches returns the lines through a model's points. A line ends at a void
// measurement, because nothing is known between its neighbours.
func stretches(points []point, time func(point) float64, at func(rate, ns float64) plot.Spot) [][]plot.Spot {
	var all [][]plot.Spot
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

func rateMarks(p *plot.Picture, m rateModel, at func(rate, ns float64) plot.Spot) {
	for _, line := range stretches(m.planned, p50, at) {
		p.Polyline(plot.Class("curve d1", m.number), line)
	}
	for _, line := range stretches(m.planned, p99, at) {
		p.Polyline(plot.Class("curve", m.number), line)
	}
	for _, q := range m.planned {
		class := plot.Class(map[bool]string{true: "full", false: "hollow"}[q.kept], m.number)
		if ns := p50(q); ns > 0 {
			s := at(q.rate, ns)
			p.Dot(class, s.X, s.Y)
		}
		if ns := p99(q); ns > 0 {
			s := at(q.rate, ns)
			p.Shape(class, m.number, s.X, s.Y)
		}
	}
	for _, q := range m.tries {
		if ns := p99(q); ns > 0 {
			s := at(q.rate, ns)
			p.Cross("try", s.X, s.Y)
		}
	}
	if m.knee.found && m.knee.p99 > 0 {
		s := at(m.knee.rate, m.knee.p99)
		p.Ring(s.X, s.Y)
	}
}

// rateLabels are the plan's rates, in thousands, without the labels that have no
// room.
func rateLabels(r *results.Results, x plot.Scale) []plot.Label {
	const room = 22
	var all []plot.Label
	for _, rate := range openRates(r) {
		all = append(all, plot.Label{At: x.At(rate), Text: format.Digits(rate / 1e3)})
	}
	return plot.Apart(all, room)
}

// cell writes one of a point's times.
func (q point) cell(ns float64, void bool) string {
	switch {
	case q.missing:
		return format.Absent
	case void:
		return text.VoidMark
	case ns == 0:
		return format.Absent
	case !q.kept:
		return "▲ " + format.Nanoseconds(ns)
	default:
		return format.Nanoseconds(ns)
	}
}

func rateTable(r *results.Results) plot.Table {
	t := plot.Table{Caption: "Response time in the open loop; ▲: the rate was not kept", Head: []string{"model"}}
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
		t.Rows = append(t.Rows, append(row, kneeText(s, kneeOf(r.CapacityOf(s.Name), planned, nil))))
	}
	return t
}
