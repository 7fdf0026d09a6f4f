package charts

import (
	"fmt"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/printable"
	"github.com/ioflavors/ioflavors/tools/internal/report/plot"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// The picture of a stop has for each loop the longest response times, and below them
// the numbers of requests.
const (
	stopTop    = 40
	stopTimes  = 84
	stopCounts = 30
	stopLoop   = 34 + stopTimes + 8 + stopCounts + 26
)

// Stop shows what two loops measure of a server that was stopped for a while.
func Stop(r *results.Results) *plot.Figure {
	f := &plot.Figure{ID: "stop", Missing: "The stall check was not made."}
	check := r.StallCheck
	if check == nil {
		return f
	}
	loops := []struct {
		name, class string
		result      load.Result
	}{{"Open loop", "bar1", check.Open}, {"Closed loop", "bar2", check.Closed}}
	var times []float64
	steps := 0
	for _, l := range loops {
		steps = max(steps, len(l.result.Series))
		for _, s := range l.result.Series {
			times = append(times, float64(s.Max))
		}
	}
	y, ok := plot.Logarithmic(times, stopTimes, 0)
	if !ok {
		f.Missing = "The stall check has no requests in it."
		return f
	}
	p := plot.Picture{ID: f.ID, Title: printable.Line(fmt.Sprintf("%s, stopped for %v", check.Server, check.Stopped))}
	p.Heading(format.Clip(check.Server, 20) + fmt.Sprintf(", stopped for %v", check.Stopped))
	const left = plot.PanelLeft
	step := float64(plot.Width-plot.Margin-left) / float64(steps)
	at := func(t time.Duration) float64 {
		return left + step*min(max(0, float64(t)/float64(load.SeriesStep)), float64(steps))
	}
	for i, l := range loops {
		top := float64(stopTop + 34 + i*stopLoop)
		base := top + stopTimes
		counts := base + 8 + stopCounts
		p.Text(left, top-25, "start", "value", l.name+": p99 "+format.Duration(l.result.Response.P99))
		p.Text(left, top-9, "start", "soft", fmt.Sprintf("longest %s, of %s requests", format.Duration(l.result.Response.Max), format.Thousands(float64(l.result.Requests))))
		p.Rect("shade", at(check.From), top, at(check.From+check.Stopped)-at(check.From), counts-top)
		for _, l := range y.TimeLabels() {
			p.Line("rule", left, top+l.At, plot.Width-plot.Margin, top+l.At)
			p.Text(left-5, top+l.At+4, "end", "soft", l.Text)
		}
		p.Text(left-5, counts-stopCounts/2+4, "end", "soft", "replies")
		var most int64 = 1
		for _, s := range l.result.Series {
			most = max(most, s.Requests)
		}
		for n, s := range l.result.Series {
			x := left + float64(n)*step
			if s.Max > 0 {
				p.Rect(l.class, x+0.5, top+y.At(float64(s.Max)), step-1, stopTimes-y.At(float64(s.Max)))
			}
			if s.Requests > 0 {
				high := max(1, stopCounts*float64(s.Requests)/float64(most))
				p.Rect("count", x+0.5, counts-high, step-1, high)
			}
		}
		p.Line("rule", left, base, plot.Width-plot.Margin, base)
		p.Line("rule", left, counts, plot.Width-plot.Margin, counts)
		middle := (at(check.From) + at(check.From+check.Stopped)) / 2
		p.Text(middle, counts-8, "middle", "soft", "stopped")
		if p99 := l.result.Response.P99; p99 > 0 {
			// The difference between the loops: this line is high in one, low in the other.
			line := y.At(float64(p99))
			p.Line("slo", left, top+line, plot.Width-plot.Margin, top+line)
			beside := line - 5
			if beside < 12 {
				beside = line + 14
			}
			p.Text(middle, top+beside, "middle", "value", "p99")
		}
		for s := time.Duration(0); s <= time.Duration(steps)*load.SeriesStep; s += time.Second {
			p.Text(min(at(s), plot.Width-14), counts+15, "middle", "soft", fmt.Sprint(s))
		}
	}
	p.Height = stopTop + 2*stopLoop - 2
	p.Desc = "Above, the open loop; below, the closed one, at the same time and on the same axis. Bars: the longest response time in each tenth of a second, on a logarithmic axis, " +
		"and below them how many replies there were. Shaded: the server was stopped."
	f.Picture, f.Missing = &p, ""
	f.Table = stopTable(check, steps)
	f.Remarks = []string{StallVerdict(check)}
	return f
}

// StallVerdict says whether the run can be trusted.
func StallVerdict(p *results.StallCheck) string {
	if !p.Shows() {
		return fmt.Sprintf("DO NOT TRUST THIS RUN: the open loop’s p99 does not show the stop, %s of %v.", format.Duration(p.Open.Response.P99), p.Stopped)
	}
	flight := p.Closed.Workload.Connections * p.Closed.Workload.Depth
	return fmt.Sprintf("The open loop shows the stop: requests were due all the while, and waited. "+
		"The closed loop hides it: it sent nothing new during the stop, so of its %s requests at most %d waited for the end of the stop.",
		format.Thousands(float64(p.Closed.Requests)), flight)
}

func stopTable(p *results.StallCheck, steps int) plot.Table {
	t := plot.Table{
		Caption: "Replies and the longest response time, in each tenth of a second",
		Head:    []string{"from", "server", "open: replies", "open: longest", "closed: replies", "closed: longest"},
	}
	for i := range steps {
		from := time.Duration(i) * load.SeriesStep
		state := "runs"
		if from < p.From+p.Stopped && from+load.SeriesStep > p.From {
			state = "stopped"
		}
		row := []string{fmt.Sprint(from), state}
		for _, series := range [][]load.Step{p.Open.Series, p.Closed.Series} {
			if i >= len(series) {
				row = append(row, format.Absent, format.Absent)
				continue
			}
			row = append(row, format.Thousands(float64(series[i].Requests)), format.Duration(series[i].Max))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}
