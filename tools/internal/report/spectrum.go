package report

import (
	"fmt"
	"math"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/text"
)

// beyond is how many requests have to be slower than a percentile, for that to
// be no chance.
const beyond = 10

// marked are the percentiles with a name on the axis. A percentile's place is
// the number of its nines, so that the slow end has room.
var marked = []float64{50, 90, 99, 99.9, 99.99, 99.999}

func nines(percentile float64) float64 {
	return math.Log10(100_000 / float64(load.Beyond(percentile))) // as newCurve, so that equal ones are equal
}

// curve is a model's line in a spectrum.
type curve struct {
	name   string
	number int // of the model
	hist   *hdrhistogram.Histogram
	most   float64 // in nines: what lies beyond is chance
}

func newCurve(name string, number int, h *hdrhistogram.Histogram) curve {
	return curve{name, number, h, math.Log10(float64(h.TotalCount()) / beyond)}
}

// at returns the latency at a percentile, given in nines, in ns.
func (c curve) at(nines float64) float64 {
	return float64(c.hist.ValueAtPercentile(100 * (1 - math.Pow(10, -nines))))
}

// line goes through the latencies from a percentile, in nines, to the last that
// is no chance.
func (c curve) line(first float64, place func(nines, ns float64) spot) []spot {
	const step = 0.05 // of a nine
	var all []spot
	for i := 0; ; i++ {
		at := min(first+float64(i)*step, c.most)
		all = append(all, place(at, max(1, c.at(at))))
		if at == c.most {
			return all
		}
	}
}

// value writes the latency at a percentile, if there is one.
func (c curve) value(percentile float64) string {
	if c.hist == nil || !load.Reported(c.hist.TotalCount(), percentile) {
		return format.Absent
	}
	return duration(float64(c.hist.ValueAtPercentile(percentile)))
}

// spectrumFigure shows the latency of each model's requests in the closed loop,
// from the median to the slowest.
func spectrumFigure(r *results.Results, workload int) *figure {
	const top, bottom, left = 34, 300, 54
	first := nines(50)
	title := text.WorkloadTitle(r.Plan.Workloads[workload])
	p := picture{ID: fmt.Sprintf("spectrum-%d", workload+1), Title: "Latency by percentile, closed loop: " + title}
	f := &figure{ID: p.ID, Table: table{Caption: "Closed loop: latency by percentile, all rounds together: " + title, Head: []string{"model"}}}
	for _, m := range marked {
		f.Table.Head = append(f.Table.Head, fmt.Sprintf("p%g", m))
	}
	var curves []curve
	var values []float64
	most := 0.0
	for i, s := range r.Servers {
		h, err := merged(cells(r, s.Name, workload))
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
	y, ok := newScale(values, bottom, top)
	if !ok {
		f.Missing = "Closed loop, " + title + ": there are no latencies, or too few."
		return f
	}
	x := func(nines float64) float64 { return left + 12 + (width-margin-8-left-12)*(nines-first)/(most-first) }

	p.text(margin, 16, "start", "title", "Closed loop · "+title)
	for _, v := range y.ticks() {
		p.line("rule", left, y.at(v), width-margin, y.at(v))
		p.text(left-6, y.at(v)+4, "end", "soft", tick(v))
	}
	for _, m := range marked {
		if at := nines(m); at <= most {
			p.line("rule", x(at), top, x(at), bottom)
			p.text(min(x(at), width-22), bottom+16, "middle", "soft", fmt.Sprintf("%g", m))
		}
	}
	p.text((left+width)/2, bottom+34, "middle", "soft", "percentile (%) · latency on a log scale")

	legend := float64(bottom + 64)
	for _, c := range curves {
		class := fmt.Sprintf("c%d", c.number%8)
		dash := fmt.Sprintf(" d%d", (c.number+c.number/8)%4)
		p.polyline("curve "+class+dash, c.line(first, func(nines, ns float64) spot { return spot{x(nines), y.at(ns)} }))
		for _, m := range marked {
			if at := nines(m); at <= c.most {
				p.shape("full "+class, c.number, x(at), y.at(max(1, c.at(at))))
			}
		}
		p.line("curve "+class+dash, margin, legend-4, margin+40, legend-4)
		p.shape("full "+class, c.number, margin+20, legend-4)
		p.text(margin+50, legend, "start", "", short(c.name, 40))
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
