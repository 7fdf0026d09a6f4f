package report

import (
	"slices"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/report/charts"
	"github.com/ioflavors/ioflavors/tools/internal/report/claims"
	"github.com/ioflavors/ioflavors/tools/internal/report/plot"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/self"
	"github.com/ioflavors/ioflavors/tools/internal/text"
)

// page is the content of the template.
type page struct {
	Results      *results.Results
	Title, Place string
	Begun        string
	Measured     bool
	Peers        bool // some servers are peers
	// Running: all servers ran already, so nothing but their replies is known.
	Running bool
	// Disturbed warns that other programs may have made the figures; "" if they did
	// not.
	Disturbed string
	// Alarms stand before the figures.
	Alarms  []string
	Answer  answerTable
	Cost    section
	Waiting section
	Idle    section
	Claims  []claim
	Marks   *plot.Picture // the servers' marks in the claims' strips
	Article string
	Cards   []card
	Titles  []string // of the workloads
	Limits  []limitRow
	Tables  []headedTable
	Trust   trust
}

func newPage(r *results.Results) *page {
	p := &page{
		Results:  r,
		Title:    text.Title(r),
		Place:    text.Place(r),
		Begun:    moment(r.Started),
		Measured: len(r.Runs) > 0 || len(r.Trials) > 0,
		Peers:    slices.ContainsFunc(r.Servers, func(s *results.Server) bool { return s.Peer }),
		Running:  r.Running(),
		Cost:     costs(r),
		Waiting:  waiting(r),
		Claims:   newClaims(r),
		Marks:    claims.Marks(r),
		Article:  results.Article,
		Cards:    cards(r),
		Limits:   limitRows(r),
		Trust:    newTrust(r),
	}
	p.Idle = silent(r, p.Claims)
	p.Answer = newAnswer(r, p.Claims)
	p.Disturbed = r.Disturbed()
	if void := r.Void(); void != "" {
		p.Alarms = append(p.Alarms, "VOID: this run shows next to nothing: "+void)
	}
	if r.StallCheck != nil && !r.StallCheck.Shows() {
		p.Alarms = append(p.Alarms, charts.StallVerdict(r.StallCheck))
	}
	for _, t := range text.Tables(r) {
		p.Tables = append(p.Tables, headed(t))
	}
	for w := range r.Plan.Workloads {
		p.Titles = append(p.Titles, text.WorkloadTitle(r.Plan.Workloads[w]))
	}
	return p
}

// pictures returns all pictures, in the order of the page.
func (p *page) pictures() (all []*plot.Picture) {
	add := func(figures ...*plot.Figure) {
		for _, f := range figures {
			all = append(all, f.Pictures()...)
		}
	}
	for _, s := range []section{p.Cost, p.Waiting, p.Idle} {
		add(s.figures()...)
	}
	for _, c := range p.Claims {
		if c.Strip != nil {
			all = append(all, c.Strip)
		}
	}
	if p.Marks != nil {
		all = append(all, p.Marks)
	}
	for _, c := range p.Claims {
		add(c.Pictures...)
	}
	add(p.Trust.Noise.Figures...)
	return all
}

// claim is a claim on this page.
type claim struct {
	*claims.Claim
	// Elsewhere are the sections with the parts of the lab that it is judged by.
	Elsewhere []link
	Repeat    string
	// Short: the experiment had less than the time that it needs.
	Short  bool
	Source string
}

// Beside and Odd place the text beside the pictures, as in a group.
func (c claim) Beside() int { return beside(c.Pictures) }
func (c claim) Odd() bool   { return odd(c.Pictures) }

// Remarks are what the pictures leave out.
func (c claim) Remarks() []string { return remarks(c.Pictures) }

// link is to a section.
type link struct{ Anchor, Text string }

// sections have the pictures of the lab's parts.
var sections = map[results.Part]link{
	results.Closed:     {"cpu", "server CPU per request"},
	results.OpenLoop:   {"rate", "response time against offered rate"},
	results.Idle:       {"idle-burn", "what silent connections cost"},
	results.Syscalls:   {"syscalls", "system calls"},
	results.Capacities: {"capacity", "capacity"},
	results.Stall:      {"stop", "a stop"},
}

func newClaims(r *results.Results) (all []claim) {
	for _, c := range claims.Of(r) {
		all = append(all, claim{
			Claim: c, Elsewhere: elsewhere(c.Parts), Repeat: self.Line(repeatOnly(r, c.ID)), Short: !r.Plan.AllClaims, Source: results.Article,
		})
	}
	return all
}

func elsewhere(parts []results.Part) (all []link) {
	for _, part := range parts {
		if l, known := sections[part]; known {
			all = append(all, l)
		}
	}
	return all
}

// headedTable is one of the lab's tables, with its groups of columns.
type headedTable struct {
	Caption string
	Groups  []heading
	Columns []text.Column
	Rows    []headedRow
}

// heading is over Span columns.
type heading struct {
	Name string
	Span int
}

type headedRow struct {
	text.Row
	Rest int // columns without a cell
}

func headed(t *text.Table) headedTable {
	h := headedTable{Caption: t.Caption, Columns: t.Columns}
	for _, c := range t.Columns {
		if n := len(h.Groups); n > 0 && h.Groups[n-1].Name == c.Group {
			h.Groups[n-1].Span++
		} else {
			h.Groups = append(h.Groups, heading{c.Group, 1})
		}
	}
	for _, row := range t.Rows {
		h.Rows = append(h.Rows, headedRow{row, len(t.Columns) - len(row.Cells)})
	}
	return h
}

// pair is a name with its value.
type pair struct{ Name, Value string }

func moment(t time.Time) string {
	if t.IsZero() {
		return format.Absent
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}
