package charts

import (
	"fmt"
	"slices"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/report/plot"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/text"
)

// Time shows what each server spends its CPU time on for a request: a bar for each, with
// a part for each activity.
func Time(r *results.Results) *plot.Figure {
	const rowHeight, top, full = 44, 30, plot.Width - 2*plot.Margin
	f := &plot.Figure{ID: "time", Missing: "No server was profiled."}
	shown := r.Spends(text.LeastActivity)
	if len(shown) == 0 {
		return f
	}
	title := text.WorkloadTitle(r.Plan.Workloads[r.Plan.ProfileWorkload()])
	const rest = "without samples"
	p := plot.Picture{ID: f.ID, Title: "What CPU time is spent on: " + title}
	t := plot.Table{Caption: p.Title + ", µs per request", Head: []string{"model", "all"}}
	for _, a := range shown {
		t.Head = append(t.Head, string(a))
	}
	t.Head = append(t.Head, rest, "samples", "explained")
	most := 0.0
	for _, s := range r.Servers {
		if c := r.TimeOf(s.Name); c != nil {
			most = max(most, c.Total())
		}
	}
	p.Heading("CPU time · " + title)
	y := float64(top)
	for _, s := range r.Servers {
		p.Text(plot.Margin, y+14, "start", "", format.Clip(s.Name, 34))
		c := r.TimeOf(s.Name)
		row := []string{s.Name}
		if c == nil {
			p.Text(plot.Width-plot.Margin, y+14, "end", "soft", NothingOf(s, "not profiled"))
			t.Rows = append(t.Rows, append(row, slices.Repeat([]string{format.Absent}, len(t.Head)-1)...))
			y += rowHeight
			continue
		}
		p.Text(plot.Width-plot.Margin, y+14, "end", "value", format.ThreeDigits(c.Total()/1e3)+" µs")
		row = append(row, format.ThreeDigits(c.Total()/1e3))
		x := float64(plot.Margin)
		draw := func(look int, part float64) {
			row = append(row, format.ThreeDigits(part/1e3))
			if long := full * part / most; part >= text.LeastActivity*c.Total() {
				drawPart(&p, look, len(results.Activities), x, y+20, max(0.6, long-1.5), 13)
				x += long
			}
		}
		for _, a := range shown {
			draw(look(a), c.PerRequest(a))
		}
		draw(unsampled, c.Unsampled())
		t.Rows = append(t.Rows, append(row, format.Thousands(float64(c.Samples)), fmt.Sprintf("%.0f %%", 100*c.Explained())))
		y += rowHeight
	}
	p.Text(plot.Margin, y+12, "start", "soft", "µs for each request, in this order:")
	var signs []plot.Sign
	add := func(look int, words string) {
		signs = append(signs, plot.Sign{Text: words, Draw: func(x, y float64) {
			drawPart(&p, look, len(results.Activities), x, y-plot.PatchHeight/2, plot.PatchWidth, plot.PatchHeight)
		}})
	}
	for _, a := range shown {
		add(look(a), a.Words())
	}
	add(unsampled, rest)
	p.Height = int(p.Key(y+33, signs...))
	p.Desc = "A bar for each model: the server's CPU time for a request, divided by what it is spent on. Less is better."
	f.Picture, f.Table, f.Remarks = &p, t, text.TimeNotes(r)
	return f
}

// unsampled is the look of the CPU time without samples.
var unsampled = len(results.Activities)

// look is the number of an activity's part, which is the same in every report.
func look(a results.Activity) int { return slices.Index(results.Activities, a) }
