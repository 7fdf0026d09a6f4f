package charts

import (
	"fmt"
	"slices"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/report/plot"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/text"
)

// maxCalls is how many system calls have a part of their own in a bar.
const maxCalls = 6

// callNames are the same in all pictures, and so are their colours.
func callNames(r *results.Results) []string { return r.FrequentCalls(maxCalls, results.RareCall) }

// callParts returns how often a server makes each of the named calls for a request,
// and last all others together.
func callParts(c *results.SyscallCell, names []string) (parts []float64, total float64) {
	parts = make([]float64, len(names)+1)
	all, each, total := c.PerRequest()
	for i, name := range all {
		at := slices.Index(names, name)
		if at < 0 {
			at = len(names)
		}
		parts[at] += each[i]
	}
	return parts, total
}

// Syscalls returns a figure for each workload under which calls were counted.
func Syscalls(r *results.Results) []*plot.Figure {
	var all []*plot.Figure
	for w := range r.Plan.Workloads {
		if slices.ContainsFunc(r.Syscalls, func(c results.SyscallCell) bool { return c.Workload == w && c.Requests > 0 }) {
			all = append(all, syscalls(r, w))
		}
	}
	if len(all) == 0 {
		all = append(all, &plot.Figure{ID: "syscalls", Missing: "No system calls were counted."})
	}
	return all
}

// syscalls shows which system calls a request takes: a bar for each model, with a
// part for each name.
func syscalls(r *results.Results, workload int) *plot.Figure {
	const rowHeight, top, full = 44, 30, plot.Width - 2*plot.Margin
	title := text.WorkloadTitle(r.Plan.Workloads[workload])
	names := callNames(r)
	p := plot.Picture{ID: fmt.Sprintf("syscalls-%d", workload+1), Title: "System calls per request: " + title}
	t := plot.Table{Caption: p.Title, Head: slices.Concat([]string{"model", "all"}, names, []string{results.OtherCalls})}
	most, method := 0.0, ""
	for _, c := range r.Syscalls {
		_, _, total := c.PerRequest() // under all workloads, so that the pictures have one scale
		most, method = max(most, total), c.Method
	}
	most = max(most, results.RareCall)
	p.Heading("System calls · " + title)
	y := float64(top)
	for _, s := range r.Servers {
		p.Text(plot.Margin, y+14, "start", "", format.Clip(s.Name, 36))
		c := r.SyscallsOf(s.Name, workload)
		row := []string{s.Name}
		if c == nil {
			p.Text(plot.Width-plot.Margin, y+14, "end", "soft", NothingOf(s, "not counted"))
			t.Rows = append(t.Rows, append(row, slices.Repeat([]string{format.Absent}, len(names)+2)...))
			y += rowHeight
			continue
		}
		parts, total := callParts(c, names)
		p.Text(plot.Width-plot.Margin, y+14, "end", "value", format.ThreeDigits(total))
		row = append(row, format.ThreeDigits(total))
		x := float64(plot.Margin)
		for i, part := range parts {
			row = append(row, format.ThreeDigits(part))
			if long := full * part / most; part >= results.RareCall {
				drawPart(&p, i, len(names), x, y+20, max(0.6, long-1.5), 13)
				x += long
			}
		}
		t.Rows = append(t.Rows, row)
		y += rowHeight
	}
	p.Text(plot.Margin, y+12, "start", "soft", "calls for each request, in this order:")
	var signs []plot.Sign
	for i, name := range append(slices.Clone(names), results.OtherCalls) {
		signs = append(signs, plot.Sign{Text: name, Draw: func(x, y float64) {
			drawPart(&p, i, len(names), x, y-plot.PatchHeight/2, plot.PatchWidth, plot.PatchHeight)
		}})
	}
	p.Height = int(p.Key(y+33, signs...))
	p.Desc = "A bar for each model: how many system calls it makes for a request, by name, on the same scale under each workload. Counted by " + method + ". Fewer is better."
	f := &plot.Figure{ID: p.ID, Picture: &p, Table: t}
	if r.Rings() {
		f.Remarks = append(f.Remarks, text.RingNote)
	}
	return f
}
