// Package text writes a run's results as text: tables, notes, and the report of both.
package text

import (
	"fmt"
	"io"
	"strings"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// TextWidth is the width of text, in characters, even on a wider terminal: longer lines
// are hard to read.
const TextWidth = 120

// Report writes the results as text, in lines of at most width characters: what was run
// and where, the tables, and the notes on them.
func Report(r *results.Results, w io.Writer, style Style, width int) error {
	fill := func(text string) string {
		return Wrap(strings.ReplaceAll(text, "\t", "    "), min(width, TextWidth), "  ")
	}
	var out strings.Builder
	if warning := r.Disturbed(); warning != "" {
		fmt.Fprintln(&out, Paint(style.Alarm, fill(warning)))
	}
	fmt.Fprintf(&out, "%s\n%s\n\n", Paint(style.Strong, fill(Title(r))), fill(Place(r)))
	for _, g := range Tables(r) {
		fmt.Fprintln(&out, Paint(style.Strong, fill(g.Caption)))
		for _, block := range g.Split(width) {
			if err := block.Write(&out, style); err != nil {
				return err
			}
			fmt.Fprintln(&out)
		}
	}
	for _, note := range Notes(r) {
		fmt.Fprintln(&out, fill(note))
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// Title describes the run in a line.
func Title(r *results.Results) string {
	if len(r.Plan.Workloads) == 0 {
		return "ioflavors lab"
	}
	title := fmt.Sprintf("ioflavors lab · %s · %s of %v a cell · seed %d · %s",
		format.Count(len(r.Servers), "server"), format.Count(r.Plan.Rounds, "round"), r.Plan.Cell, r.Plan.Seed,
		r.Plan.Workloads[0].Words())
	if !r.Complete {
		title += " · INTERRUPTED"
	}
	return title
}

// Place describes the machine in a line, and how quiet it was.
func Place(r *results.Results) string {
	e := r.Environment
	parts := []string{e.OS + "/" + e.Arch}
	if e.Kernel != "" {
		parts[0] = e.Kernel + " " + e.Arch
	}
	if e.CPU != "" {
		parts = append(parts, e.CPU)
	}
	parts = append(parts, format.Count(e.Cores, "core"), e.Go)
	if r.Running() {
		parts[0] = "load from " + parts[0]
	}
	if e.Pinned && r.Running() {
		parts = append(parts, fmt.Sprintf("load on cpu%d", e.LoadCore))
	} else if e.Pinned {
		parts = append(parts, fmt.Sprintf("server on cpu%d, load on cpu%d", e.ServerCore, e.LoadCore))
	} else {
		parts = append(parts, "not pinned")
	}
	if e.Steal != nil {
		parts = append(parts, "steal "+format.Percent(*e.Steal))
	}
	if e.Others != nil {
		parts = append(parts, "others "+format.Percent(*e.Others))
	}
	return strings.Join(parts, " · ")
}

// Tables returns a table for each part that was measured.
func Tables(r *results.Results) []*Table {
	var tables []*Table
	if !r.Running() { // else no cost is known
		tables = append(tables, costs(r))
	}
	for _, t := range []struct {
		any bool
		of  func(*results.Results) *Table
	}{
		{len(r.Summary) > 0, speeds},
		{len(r.OpenSummary) > 0, latencies},
		{len(r.Idle) > 0, idleCosts},
		{len(r.Syscalls) > 0, callCounts},
		{len(r.Spends(LeastActivity)) > 0, timeSpent},
		{len(r.Claims) > 0, claimTable},
		{len(r.Capacity) > 0, capacityTable},
	} {
		if t.any {
			tables = append(tables, t.of(r))
		}
	}
	return tables
}

// costs is the table of the servers' CPU time, switches, threads and memory.
func costs(r *results.Results) *Table {
	const cpu, switches, process = "server CPU, µs/request", "switches/request", "process"
	g := &Table{Caption: "What a request costs", Columns: []Column{{"", "MODEL"}, {"", "RULES"}}}
	for _, group := range []string{cpu, switches} {
		for _, w := range r.Plan.Workloads {
			g.Columns = append(g.Columns, Column{group, WorkloadName(w)})
		}
	}
	g.Columns = append(g.Columns, Column{process, "THREADS"}, Column{process, "RSS MiB"}, Column{process, "IDLE"})

	for _, s := range r.Servers {
		cells := []string{s.Name, s.Rules.String()}
		if unmeasured(r, s) {
			g.Rows = append(g.Rows, Row{Cells: cells, Remark: Remark(s, true), Calm: s.Unavailable != ""})
			continue
		}
		var cpu, switches []string
		threads, rss := format.NotAvailable, format.NotAvailable
		for i := range r.Plan.Workloads {
			switch sum := r.SummaryOf(s.Name, i); {
			case sum == nil || sum.Rate == 0:
				cpu, switches = append(cpu, format.Absent), append(switches, format.Absent)
			case sum.Cost == nil:
				cpu, switches = append(cpu, format.NotAvailable), append(switches, format.NotAvailable)
			default:
				cpu = append(cpu, format.ThreeDigits(sum.Cost.CPU/1e3))
				switches = append(switches, fmt.Sprintf("%.3f", sum.Cost.Voluntary+sum.Cost.Involuntary))
				threads, rss = fmt.Sprint(sum.Cost.Threads), format.Mebibytes(sum.Cost.RSS) // the last workload is the heaviest one
			}
		}
		idle := format.NotAvailable
		if !r.Plan.Has(results.Idle) {
			idle = format.Absent
		}
		if share, known := r.IdleShare(s.Name); known {
			idle = format.Percent(share)
		}
		cells = append(append(append(cells, cpu...), switches...), threads, rss, idle)
		g.Rows = append(g.Rows, Row{Cells: cells, Remark: Remark(s, false)})
	}
	return g
}

// speeds is the table of rates and latencies.
func speeds(r *results.Results) *Table {
	g := &Table{Caption: "How fast, in a closed loop", Columns: []Column{{"", "MODEL"}}}
	for _, w := range r.Plan.Workloads {
		group := WorkloadTitle(w)
		g.Columns = append(g.Columns, Column{group, "REQ/S"}, Column{group, "P50"}, Column{group, "P99"})
	}
	g.Columns = append(g.Columns, Column{"", "SERVED"})
	for _, s := range r.Servers {
		if unmeasured(r, s) {
			if r.Running() { // the first table
				g.Rows = append(g.Rows, Row{Cells: []string{s.Name}, Remark: Remark(s, true)})
			}
			continue
		}
		cells := []string{s.Name}
		for i := range r.Plan.Workloads {
			if sum := r.SummaryOf(s.Name, i); sum != nil {
				p99 := format.Latency(sum.P99)
				if hides(r, *sum) {
					p99 = "~" + p99
				}
				cells = append(cells, mark(sum)+format.Thousands(sum.Rate), format.Latency(sum.P50), p99)
			} else {
				cells = append(cells, format.Absent, format.Absent, format.Absent)
			}
		}
		g.Rows = append(g.Rows, Row{Cells: append(cells, served(r, s))})
	}
	return g
}

// served writes how many of its clients a server served, under the workload with the
// smallest share.
func served(r *results.Results, s *results.Server) string {
	served, of := 0, 0
	for i, w := range r.Plan.Workloads {
		if sum := r.SummaryOf(s.Name, i); sum != nil && (of == 0 || sum.Served*of <= served*w.Connections) {
			served, of = sum.Served, w.Connections
		}
	}
	text := fmt.Sprintf("%d/%d", served, of)
	if s.OneAtATime {
		text += "*"
	}
	return text
}

// unmeasured reports whether a server has no figures in the closed loop.
func unmeasured(r *results.Results, s *results.Server) bool {
	for i := range r.Plan.Workloads {
		if r.SummaryOf(s.Name, i) != nil {
			return false
		}
	}
	return true
}

// Remark says that a server was not measured to the end. The notes have the whole
// reason.
func Remark(s *results.Server, unmeasured bool) string {
	switch {
	case s.Unavailable != "":
		return UnavailableMark
	case s.DNF == "" && unmeasured:
		return "not measured"
	case s.DNF == "":
		return ""
	case s.Rules != nil && len(s.Rules.Failed) > 0:
		return "DNF: fails " + s.Rules.Failed[0].Rule
	default:
		return "DNF"
	}
}

// mark warns of a rate with errors, or one that the generator limited.
func mark(s *results.Summary) string {
	m := ""
	if s.Errors > 0 {
		m += "! "
	}
	if s.GeneratorLimited {
		m += "≥ "
	}
	return m
}

// hiddenShare is the share of the requests in flight that may be missing from the
// percentiles without a note.
const hiddenShare = 0.1

// hides reports whether long waits are missing from the percentiles. Servers of one
// client at a time have a note of their own.
func hides(r *results.Results, s results.Summary) bool {
	return s.Hidden > hiddenShare && !r.Server(s.Server).OneAtATime
}
