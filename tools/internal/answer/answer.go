// Package answer says in one screen what a run found: what each server costs, and which
// one to take. All of it is computed from the results. Nothing is claimed from void or
// disturbed measurements, and what differs by no more than the noise is called equal.
package answer

import (
	"cmp"
	"slices"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/models"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// Answer is a run's finding, with the table that it is read from.
type Answer struct {
	// Finding is a sentence for a title.
	Finding string
	// Advice is which server to take, in a sentence; "": the run does not tell.
	Advice string
	// Lead has the figures of the finding, and what they mean for a choice.
	Lead    []Sentence
	Columns []Column
	// Rows has a row for each server, the cheapest requests first.
	Rows []Row
	// Trust says how far to trust it, the warnings first.
	Trust []Remark
}

// Sentence is about the servers that Subject names; "": about the whole run.
type Sentence struct{ Subject, Text string }

func (s Sentence) String() string {
	if s.Subject == "" {
		return s.Text
	}
	return s.Subject + " " + s.Text
}

// Remark is a part of the line of trust. Warn: it is a reason for distrust.
type Remark struct {
	Text string
	Warn bool
}

// ID names a column.
type ID string

// The columns, in their order: what people choose a model by.
const (
	CPU     ID = "cpu"          // per request
	Waiting ID = "response"     // p99 of the response time at one rate
	Memory  ID = "memory"       // per silent connection
	Idle    ID = "idle"         // CPU while all clients are silent
	Client  ID = "slow-client"  // the longest wait beside one
	Handler ID = "slow-handler" // p99 of cheap requests beside one
)

// Column is a property of the servers. Less of it is always better.
type Column struct {
	ID   ID
	Name string // "CPU per request"
	// Under is the load, and what is counted: "50 clients".
	Under string
	// Short is Name and Under in two lines, for a terminal.
	Short [2]string
	// Only is the value of the lab's flag --only that measures it.
	Only string
	// Measured: there is a figure for at least one server.
	Measured bool
}

// Row is a server. Its cells are in the order of the columns.
type Row struct {
	Server string
	// How is how the server waits, in a few words; "": that is not known.
	How string
	// Note is why the server was not measured, or not to the end; "": it was.
	Note  string
	Cells []Cell
}

// Cell is a figure of a server.
type Cell struct {
	Text  string  // with its unit; format.Absent: there is none
	Value float64 // ns, bytes or, of CPU while idle, a share of a core
	Known bool
	Grade Grade
	// Bar is the length of the cell's bar, 0 to 1: on a logarithmic scale of the column's
	// figures, except for CPU while idle, which is a share.
	Bar float64
	// Why is why there is no figure, or why it has no grade.
	Why string

	// sample has the rounds of the figure that may decide, in the unit of Value; empty:
	// it was measured once.
	sample []float64
	apart  bool // measured under another load than the others, and compared with none
}

// Grade is what a figure means beside the others.
type Grade string

// The grades.
const (
	Fair  Grade = ""      // neither, or it may not be judged
	Best  Grade = "best"  // the best, equal to it within the noise, or so good that it does not matter
	Hurts Grade = "hurts" // likely to hurt
)

// Mark is a grade's sign, which tells it without colour.
func (g Grade) Mark() string {
	switch g {
	case Best:
		return "●"
	case Hurts:
		return "▲"
	}
	return ""
}

// Legend explains the marks.
const Legend = "● best, equal to it within the noise, or harmless · ▲ likely to hurt · " + format.Absent + " does not apply, void or not measured"

// Of returns the answer of a run.
func Of(r *results.Results) *Answer {
	a := new(Answer)
	for _, c := range columnsOf(r) {
		var cells []Cell
		for _, s := range r.Servers {
			cell := absent("")
			if s.Unavailable == "" {
				cell = c.of(s)
			}
			cells = append(cells, cell)
			c.Measured = c.Measured || cell.Known
		}
		c.grade(cells)
		setBars(c.ID, cells)
		a.Columns = append(a.Columns, c.Column)
		for i, s := range r.Servers {
			if len(a.Rows) == i {
				a.Rows = append(a.Rows, Row{Server: s.Name, How: models.VariantOf(s.Target).Waits, Note: noteOn(s)})
			}
			a.Rows[i].Cells = append(a.Rows[i].Cells, cells[i])
		}
	}
	conclude(r, a)
	a.Trust = trust(r)
	slices.SortStableFunc(a.Rows, func(x, y Row) int { return cmp.Compare(x.place(), y.place()) })
	return a
}

// Trusted reports whether there is no reason for distrust.
func (a *Answer) Trusted() bool {
	return !slices.ContainsFunc(a.Trust, func(r Remark) bool { return r.Warn })
}

// Measured reports whether there is a figure in any column.
func (a *Answer) Measured() bool {
	return slices.ContainsFunc(a.Columns, func(c Column) bool { return c.Measured })
}

// Cell returns a server's figure in a column.
func (a *Answer) Cell(server string, id ID) Cell {
	i := slices.IndexFunc(a.Columns, func(c Column) bool { return c.ID == id })
	for _, row := range a.Rows {
		if row.Server == server && i >= 0 {
			return row.Cells[i]
		}
	}
	return absent("")
}

// place orders the rows: by the first figure that is known of all servers but those that
// were not measured, which come last.
func (row Row) place() float64 {
	const last = 1e300
	if c := row.Cells[0]; c.Known {
		return c.Value
	}
	if row.Note != "" {
		return last
	}
	return last / 2
}

// noteOn says why a server was not measured to the end, or "".
func noteOn(s *results.Server) string {
	switch {
	case s.Unavailable != "":
		return "not available here: " + s.Unavailable
	case s.DNF != "":
		return "did not finish: " + s.DNF
	}
	return ""
}
