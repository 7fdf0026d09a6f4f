package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/text"
)

const (
	// maxCalls is how many system calls have a part of their own in a bar.
	maxCalls = 6
	// otherCalls is for the rest. The lab uses the name, too.
	otherCalls = "others"
	// rareCall is how many there are of a call for each request that is not
	// worth a name.
	rareCall = 0.005
)

// callsOf returns a server's system calls under a workload, or nil.
func callsOf(r *results.Results, server string, workload int) *results.SyscallCell {
	i := slices.IndexFunc(r.Syscalls, func(c results.SyscallCell) bool {
		return c.Server == server && c.Workload == workload && c.Requests > 0
	})
	if i < 0 {
		return nil
	}
	return &r.Syscalls[i]
}

// callNames are the calls that servers make most often, under any workload: the
// same in all pictures, so that colours are.
func callNames(r *results.Results) []string {
	most := make(map[string]float64)
	for _, c := range r.Syscalls {
		names, each, _ := c.PerRequest()
		for i, name := range names {
			if name != otherCalls && each[i] >= rareCall {
				most[name] = max(most[name], each[i])
			}
		}
	}
	names := slices.SortedFunc(maps.Keys(most), func(a, b string) int {
		return cmp.Or(cmp.Compare(most[b], most[a]), strings.Compare(a, b))
	})
	return names[:min(len(names), maxCalls)]
}

// callParts returns how often a server makes each of the calls for a request,
// and the others together.
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

// syscallFigures are one for each workload that calls were counted under.
func syscallFigures(r *results.Results) []*figure {
	var all []*figure
	for w := range r.Plan.Workloads {
		if slices.ContainsFunc(r.Syscalls, func(c results.SyscallCell) bool { return c.Workload == w && c.Requests > 0 }) {
			all = append(all, syscallFigure(r, w))
		}
	}
	if len(all) == 0 {
		all = append(all, &figure{ID: "syscalls", Missing: "No system calls were counted."})
	}
	return all
}

// syscallFigure shows which system calls a request takes: a bar for each model,
// of a part for each name.
func syscallFigure(r *results.Results, workload int) *figure {
	const rowHeight, top, full = 44, 30, width - 2*margin
	title := text.WorkloadTitle(r.Plan.Workloads[workload])
	names := callNames(r)
	p := picture{ID: fmt.Sprintf("syscalls-%d", workload+1), Title: "System calls per request: " + title}
	t := table{Caption: p.Title, Head: slices.Concat([]string{"model", "all"}, names, []string{otherCalls})}
	most, method := 0.0, ""
	for _, c := range r.Syscalls {
		_, _, total := c.PerRequest() // under all workloads: the pictures have one scale
		most, method = max(most, total), c.Method
	}
	most = max(most, rareCall)
	p.text(margin, 16, "start", "title", "System calls · "+title)
	y := float64(top)
	for _, s := range r.Servers {
		p.text(margin, y+14, "start", "", short(s.Name, 36))
		c := callsOf(r, s.Name, workload)
		row := []string{s.Name}
		if c == nil {
			p.text(width-margin, y+14, "end", "soft", nothingOf(s, "not counted"))
			t.Rows = append(t.Rows, append(row, slices.Repeat([]string{format.Absent}, len(names)+2)...))
			y += rowHeight
			continue
		}
		parts, total := callParts(c, names)
		p.text(width-margin, y+14, "end", "value", format.ThreeDigits(total))
		row = append(row, format.ThreeDigits(total))
		x := float64(margin)
		for i, part := range parts {
			row = append(row, format.ThreeDigits(part))
			if long := full * part / most; part >= rareCall {
				p.call(i, len(names), x, y+20, max(0.6, long-1.5), 13)
				x += long
			}
		}
		t.Rows = append(t.Rows, row)
		y += rowHeight
	}
	p.text(margin, y+12, "start", "soft", "calls for each request, in this order:")
	var signs []sign
	for i, name := range append(slices.Clone(names), otherCalls) {
		signs = append(signs, sign{func(x, y float64) { p.call(i, len(names), x, y-6, 26, 12) }, name})
	}
	p.Height = int(p.key(y+33, signs...))
	p.Desc = "A bar for each model: how many system calls it makes for a request, by name, on the same scale under each workload. Counted by " + method + ". Fewer is better."
	f := &figure{ID: p.ID, Picture: &p, Table: t}
	if r.Rings() {
		f.Remarks = append(f.Remarks, text.RingNote)
	}
	return f
}

// callClass is for a part of a bar.
func callClass(i, named int) string {
	if i == named {
		return "count"
	}
	return fmt.Sprintf("%s c%d", []string{"full", "hollow"}[min(i%4, 1)], i+1)
}

// call draws a part of a bar: full, hollow, or striped in one way or the other,
// so that neighbours are told apart without colours.
func (p *picture) call(i, named int, x, y, w, h float64) {
	class := callClass(i, named)
	p.rect(class, x, y, w, h)
	if i == named {
		return
	}
	const apart = 3.5
	switch i % 4 {
	case 2:
		for at := x + apart; at < x+w-1; at += apart {
			p.line(class, at, y, at, y+h)
		}
	case 3:
		for at := y + apart; at < y+h-1; at += apart {
			p.line(class, x, at, x+w, at)
		}
	}
}
