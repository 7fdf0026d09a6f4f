package lab

import (
	"slices"
	"strings"
	"time"
)

// Table is one of the report's tables, for those who write it in another form.
type Table struct {
	Caption string
	Columns []TableColumn
	Rows    []TableRow
}

// TableColumn is a heading. Neighbours with the same group share that.
type TableColumn struct{ Group, Name string }

// TableRow has a cell for each column, or fewer and a remark.
type TableRow struct {
	Cells  []string
	Remark string
}

// Tables returns the tables of the report.
func (r *Results) Tables() []Table {
	var tables []Table
	for _, g := range r.grids() {
		t := Table{Caption: g.caption}
		for _, c := range g.columns {
			t.Columns = append(t.Columns, TableColumn{c.group, c.title})
		}
		for _, row := range g.rows {
			t.Rows = append(t.Rows, TableRow{row.cells, strings.TrimSpace(row.rest)})
		}
		tables = append(tables, t)
	}
	return tables
}

// Notes explains the marks that occur in the tables, and what the figures can
// and cannot tell.
func (r *Results) Notes() []string { return r.notes() }

// Title says in a line what was run.
func (r *Results) Title() string {
	if len(r.Plan.Workloads) == 0 {
		return "ioflavors lab"
	}
	return r.title()
}

// Place says in a line where it was run, and how quiet it was there.
func (r *Results) Place() string { return r.place() }

// SummaryOf returns what a server did under a workload, or nil.
func (r *Results) SummaryOf(server string, workload int) *Summary { return r.summary(server, workload) }

// IdleShare returns the median share of a core that a server used when it had
// nothing to do. known is false if that was not measured.
func (r *Results) IdleShare(server string) (share float64, known bool) { return r.idleShare(server) }

// Polls reports whether a server wanted a core although it had nothing to do: whether
// it used one, or would have if others had not had it.
func (r *Results) Polls(server string) bool {
	for _, c := range r.Idle {
		if c.Server == server && c.Connections > 0 && c.Resources != nil {
			return 100*c.wanted() >= busyYes
		}
	}
	return false
}

// WorkloadTitle names one of the plan's workloads.
func (r *Results) WorkloadTitle(i int) string { return workloadTitle(r.Plan.Workloads[i]) }

// WorkloadName is the short form of WorkloadTitle.
func (r *Results) WorkloadName(i int) string { return workloadName(r.Plan.Workloads[i]) }

// PerConnection returns how many bytes of a server's memory (RSS) a silent
// connection makes, by the most that there were. known is false if there were
// few.
func (r *Results) PerConnection(server string) (bytes float64, known bool) {
	return r.perConnection(server)
}

// OpenSummaryOf returns a server's response times at one of the plan's open
// rates, or nil.
func (r *Results) OpenSummaryOf(server string, workload int) *OpenSummary {
	return r.openSummary(server, workload)
}

// Parts are those of the lab that an experiment is judged by.
func (e *Experiment) Parts() []Part { return slices.Clone(e.parts) }

// Worst returns the longest response time of callers who were due from one time
// until another; 0 if nobody was answered.
func (t *Timeline) Worst(from, until time.Duration) time.Duration { return t.worst(from, until) }

// Failed returns how many callers were not answered.
func (t *Timeline) Failed() int { return t.failed() }
