package charts

import (
	"fmt"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/report/plot"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/text"
)

// openModel is a model at one rate of the open loop. A response time counts from when
// a request was due, a service time from when it was sent.
type openModel struct {
	server            *results.Server
	number            int
	summary           *results.OpenSummary // nil: not measured
	response, service curve
}

// comparable returns the open workload to compare models by: the highest rate that
// more than half of them kept in a valid measurement, or else the rate that the most
// models kept. ok is false if none was kept.
func comparable(r *results.Results) (workload, kept int, ok bool) {
	best, most, measured := -1, 0, 0
	counts := make([]int, len(r.Plan.Open))
	for w := range r.Plan.Open {
		for _, s := range r.Servers {
			sum := r.OpenSummaryOf(s.Name, w)
			if w == 0 && sum != nil {
				measured++
			}
			if sum != nil && sum.Rounds > 0 && sum.Kept {
				counts[w]++
			}
		}
		most = max(most, counts[w])
	}
	enough := min(most, measured/2+1)
	for w, of := range r.Plan.Open {
		if counts[w] >= max(1, enough) && (best < 0 || of.Rate > r.Plan.Open[best].Rate) {
			best = w
		}
	}
	if best < 0 {
		return 0, 0, false
	}
	return best, counts[best], true
}

// OpenSpectrum shows response and service time together: where the lines part,
// requests waited before they were sent.
func OpenSpectrum(r *results.Results) *plot.Figure {
	f := &plot.Figure{ID: "open-spectrum", Missing: "Open loop: there is no spectrum, because no rate was kept in a valid measurement."}
	w, kept, ok := comparable(r)
	if !ok {
		return f
	}
	rate := format.Thousands(r.Plan.Open[w].Rate)
	title := "Open loop · " + rate + " requests/s"
	f.Table = plot.Table{Caption: "Open loop at " + rate + " requests/s: time by percentile", Head: []string{"model", "time"}}
	for _, m := range marked {
		f.Table.Head = append(f.Table.Head, fmt.Sprintf("p%g", m))
	}
	models, broken := openModels(r, w)
	f.Remarks = append(broken, fmt.Sprintf("This is the highest rate that %s models kept in a valid measurement: %s requests/s, kept by %d of %d.",
		map[bool]string{true: "most", false: "as many"}[2*kept > len(r.Servers)], rate, kept, len(r.Servers)))
	first := nines(50)
	most := 0.0
	var values []float64
	for _, m := range models {
		for _, c := range []curve{m.response, m.service} {
			if c.most > first {
				values = append(values, max(1, c.at(first)), max(1, c.at(c.most)))
				most = max(most, c.most)
			}
		}
	}
	y, ok := plot.Logarithmic(values, plot.PanelHeight, 0)
	if !ok {
		f.Missing = title + ": there were too few requests."
		return f
	}
	x := func(nines float64) float64 { return 6 + (plot.PanelWidth-12)*(nines-first)/(most-first) }
	var xs []plot.Label
	for _, m := range marked {
		if at := nines(m); at <= most {
			xs = append(xs, plot.Label{At: x(at), Text: fmt.Sprintf("%g", m)})
		}
	}

	p := plot.Picture{ID: f.ID, Title: "Response and service time by percentile, open loop at " + rate + " requests per second"}
	p.Desc = "A plot for each model: how long requests took, from the median at the left to the slowest at the right; solid from when a request was due, dashed from when it was sent. " +
		"A line ends where fewer than ten requests were slower. Lower is quicker. A star: one connection only, because the server serves no second one."
	for _, m := range models {
		f.Table.Rows = append(f.Table.Rows, m.rows()...)
	}
	f.Missing = ""
	f.Draw(p, func(p *plot.Picture) {
		p.Heading(title)
		for i, m := range models {
			pl := p.Panel(i, len(models), xs, y.TimeLabels())
			line := func(class string, c curve) {
				if c.most > first {
					p.Polyline(class, c.line(first, func(nines, ns float64) plot.Spot { return plot.Spot{X: pl.Left + x(nines), Y: pl.Top + y.At(ns)} }))
				}
			}
			for _, other := range models {
				if other.number != m.number {
					line("faint", other.response)
				}
			}
			line(plot.Class("curve d1", m.number), m.service)
			line(plot.Class("curve", m.number), m.response)
			p.PanelHead(pl, m.number, starred(m.server), m.note())
		}
		p.PanelsEnd(len(models), "percentile (%) · log scales",
			p.LineSign("curve c0", "response"), p.LineSign("curve c0 d1", "service"), p.LineSign("faint", "others’ response"))
	})
	return f
}

func openModels(r *results.Results, workload int) (models []openModel, broken []string) {
	for i, s := range r.Servers {
		m := openModel{server: s, number: i, summary: r.OpenSummaryOf(s.Name, workload)}
		if m.summary != nil && m.summary.Rounds > 0 {
			response, err := m.summary.Response.Decode()
			var service *hdrhistogram.Histogram
			if err == nil {
				service, err = m.summary.Service.Decode()
			}
			if err != nil {
				broken = append(broken, s.Name+": "+err.Error())
			} else {
				m.response, m.service = newCurve(s.Name, i, response), newCurve(s.Name, i, service)
			}
		}
		models = append(models, m)
	}
	return models, broken
}

// note is for the head of a panel.
func (m openModel) note() string {
	switch {
	case m.summary == nil:
		return NothingOf(m.server, "not measured")
	case m.summary.Rounds == 0:
		return text.VoidMark
	case !m.summary.Kept:
		return "rate not kept"
	case m.response.value(99) == format.Absent:
		return "p99: too few requests"
	default:
		return "p99 " + m.response.value(99)
	}
}

func (m openModel) rows() [][]string {
	rows := [][]string{{m.server.Name, "response"}, {m.server.Name, "service"}}
	for i, c := range []curve{m.response, m.service} {
		for _, percentile := range marked {
			value := c.value(percentile)
			if m.summary != nil && m.summary.Rounds == 0 {
				value = text.VoidMark
			}
			rows[i] = append(rows[i], value)
		}
	}
	return rows
}
