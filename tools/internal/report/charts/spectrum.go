package charts

import (
	"fmt"
	"math"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/report/plot"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/text"
)

// beyond is how many requests must be slower than a percentile, so that it is more
// than chance.
const beyond = 10

// marked are the percentiles that the axis names. A percentile's place is the number
// of its nines, so the slow end has room.
var marked = []float64{50, 90, 99, 99.9, 99.99, 99.999}

func nines(percentile float64) float64 {
	return math.Log10(100_000 / float64(load.Beyond(percentile))) // computed like newCurve's most, so that equal percentiles are equal
}

// curve is a model's line in a spectrum.
type curve struct {
	name   string
	number int // of the model
	hist   *hdrhistogram.Histogram
	most   float64 // in nines; percentiles beyond it are chance
}

func newCurve(name string, number int, h *hdrhistogram.Histogram) curve {
	return curve{name, number, h, math.Log10(float64(h.TotalCount()) / beyond)}
}

// at returns the latency, in ns, at a percentile in nines.
func (c curve) at(nines float64) float64 {
	return float64(c.hist.ValueAtPercentile(100 * (1 - math.Pow(10, -nines))))
}

// line goes through the latencies from a percentile, in nines, to c.most.
func (c curve) line(first float64, place func(nines, ns float64) plot.Spot) []plot.Spot {
	const step = 0.05 // of a nine
	var all []plot.Spot
	for i := 0; ; i++ {
		at := min(first+float64(i)*step, c.most)
		all = append(all, place(at, max(1, c.at(at))))
		if at == c.most {
			return all
		}
	}
}

// value writes the latency at a percentile, if enough requests lie beyond it.
func (c curve) value(percentile float64) string {
	if c.hist == nil || !load.Reported(c.hist.TotalCount(), percentile) {
		return format.Absent
	}
	return format.Nanoseconds(float64(c.hist.ValueAtPercentile(percentile)))
}

// Spectrum shows the latency of each model's requests in the closed loop, from the
// median to the slowest.
func Spectrum(r *results.Results, workload int) *plot.Figure {
	const top, bottom, left = 34, 300, 54
	first := nines(50)
	title := text.WorkloadTitle(r.Plan.Workloads[workload])
	p := plot.Picture{ID: fmt.Sprintf("spectrum-%d", workload+1), Title: "Latency by percentile, closed loop: " + title}
	f := &plot.Figure{ID: p.ID, Table: plot.Table{Caption: "Closed loop: latency by percentile, all rounds together: " + title, Head: []string{"model"}}}
	for _, m := range marked {
		f.Table.Head = append(f.Table.Head, fmt.Sprintf("p%g", m))
	}
	var curves []curve
	var values []float64
	most := 0.0
	for i, s := range r.Servers {
		h, err := merged(results.CellsOf(r.Runs, s.Name, workload))
		switch {
		case err != nil:
			f.Remarks = append(f.Remarks, err.Error())
		case h != nil:
			c := newCurve(s.Name, i, h)
			if r.Plan.Workloads[workload].Connections > 1 {
				c.name = starred(s)
			}
			if c.most > first {
				curves = append(curves, c)
				values = append(values, max(1, c.at(first)), max(1, c.at(c.most)))
				most = max(most, c.most)
			}
		}
	}
	y, ok := plot.Logarithmic(values, bottom, top)
	if !ok {
		f.Missing = "Closed loop, " + title + ": there are no latencies, or too few."
		return f
	}
	x := func(nines float64) float64 {
		return left + 12 + (plot.Width-plot.Margin-8-left-12)*(nines-first)/(most-first)
	}

	p.Heading("Closed loop · " + title)
	for _, l := range y.TimeLabels() {
		p.Line("rule", left, l.At, plot.Width-plot.Margin, l.At)
		p.Text(left-6, l.At+4, "end", "soft", l.Text)
	}
	for _, m := range marked {
		if at := nines(m); at <= most {
			p.Line("rule", x(at), top, x(at), bottom)
			p.Text(min(x(at), plot.Width-22), bottom+16, "middle", "soft", fmt.Sprintf("%g", m))
		}
	}
	p.Text((left+plot.Width)/2, bottom+34, "middle", "soft", "percentile (%) · latency on a log scale")

	legend := float64(bottom + 64)
	for _, c := range curves {
		curve := plot.Dashed(c.number)
		p.Polyline(curve, c.line(first, func(nines, ns float64) plot.Spot { return plot.Spot{X: x(nines), Y: y.At(ns)} }))
		for _, m := range marked {
			if at := nines(m); at <= c.most {
				p.Shape(plot.Class("full", c.number), c.number, x(at), y.At(max(1, c.at(at))))
			}
		}
		p.Line(curve, plot.Margin, legend-4, plot.Margin+40, legend-4)
		p.Shape(plot.Class("full", c.number), c.number, plot.Margin+20, legend-4)
		p.Text(plot.Margin+50, legend, "start", "", format.Clip(c.name, 36))
		legend += 20

		row := []string{c.name}
		for _, m := range marked {
			row = append(row, c.value(m))
		}
		f.Table.Rows = append(f.Table.Rows, row)
	}
	p.Height = int(legend) - 6
	p.Desc = "One line for each model: how long requests took, from the median at the left to the slowest at the right, both axes logarithmic. Lower is quicker. A line ends where fewer than ten requests were slower. A star: one client at a time is served, and the waits of the others are not in it."
	f.Picture = &p
	return f
}
