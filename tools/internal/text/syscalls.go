package text

import (
	"slices"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// maxCallColumns is how many calls have a column of their own.
const maxCallColumns = 5

// callCounts is the table of system calls.
func callCounts(r *results.Results) *Table {
	g := &Table{Caption: "System calls per request", Columns: []Column{{"", "MODEL"}}}
	shown := r.FrequentCalls(maxCallColumns, 0)
	for w := range min(results.SyscallWorkloads, len(r.Plan.Workloads)) {
		group := WorkloadTitle(r.Plan.Workloads[w])
		g.Columns = append(g.Columns, Column{group, "ALL"})
		for _, name := range shown {
			g.Columns = append(g.Columns, Column{group, name})
		}
	}
	for _, s := range r.Servers {
		cells, known := []string{s.Name}, false
		for w := range min(results.SyscallWorkloads, len(r.Plan.Workloads)) {
			c := r.SyscallsOf(s.Name, w)
			if c == nil {
				cells = append(cells, slices.Repeat([]string{format.Absent}, 1+len(shown))...)
				continue
			}
			known = true
			_, _, total := c.PerRequest()
			cells = append(cells, format.ThreeDigits(total))
			for _, name := range shown {
				cells = append(cells, format.ThreeDigits(float64(c.Calls[name])/float64(c.Requests)))
			}
		}
		if known {
			g.Rows = append(g.Rows, Row{Cells: cells})
		}
	}
	return g
}

// syscallNotes explains the table of system calls.
func syscallNotes(r *results.Results) []string {
	if len(r.Syscalls) == 0 {
		return nil
	}
	method := r.Syscalls[0].Method
	note := "System calls were counted in a separate pass, by " + method + ", because counting slows a server."
	if method == "strace" {
		note = "System calls were counted in a separate pass, by strace, under which a server is several times slower and meets other conditions."
	}
	notes := []string{note}
	if r.Rings() {
		notes = append(notes, RingNote)
	}
	return notes
}

// RingNote is how to read calls of io_uring_enter.
const RingNote = "One io_uring_enter starts any number of operations and waits for their completions: " +
	"reads, writes and accepts, which are a call each in other models. It saves the way into the kernel and back, not the work there."
