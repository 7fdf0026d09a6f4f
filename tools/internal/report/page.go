package report

import (
	"slices"

	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/text"
)

// page is what the template shows.
type page struct {
	Results      *results.Results
	Title, Place string
	Begun        string
	Measured     bool
	Peers        bool // there are some
	// Disturbed is that what ran besides may have made the figures; "" if it did not.
	Disturbed string
	// Alarms are what has to be known before anything else.
	Alarms   []string
	Claims   []*claim
	Marks    *picture // whose mark is whose in the claims' strips
	Article  string
	Tables   []headedTable
	Costs    []*figure
	Rate     *figure
	Open     *figure
	Spectra  []*figure
	Idle     []*figure
	Syscalls []*figure
	Cards    []card
	Capacity *figure
	Stop     *figure
	Titles   []string // of the workloads
	Limits   []limitRow
	Trust    trust
}

func newPage(r *results.Results) *page {
	p := &page{
		Results:  r,
		Title:    text.Title(r),
		Place:    text.Place(r),
		Begun:    moment(r.Started),
		Measured: len(r.Runs) > 0 || len(r.Trials) > 0,
		Peers:    slices.ContainsFunc(r.Servers, func(s *results.Server) bool { return s.Peer }),
		Claims:   claims(r),
		Marks:    marksFigure(r),
		Article:  results.Article,
		Rate:     rateFigure(r),
		Open:     openSpectrumFigure(r),
		Idle:     []*figure{idleFigure(r), memoryFigure(r)},
		Syscalls: syscallFigures(r),
		Capacity: capacityFigure(r),
		Stop:     stopFigure(r),
		Cards:    cards(r),
		Limits:   limitRows(r),
		Trust:    newTrust(r),
	}
	p.Disturbed = r.Disturbed()
	if void := r.Void(); void != "" {
		p.Alarms = append(p.Alarms, "VOID: this run shows next to nothing: "+void)
	}
	if r.StallCheck != nil && !r.StallCheck.Shows() {
		p.Alarms = append(p.Alarms, verdict(r.StallCheck))
	}
	for _, t := range text.Tables(r) {
		p.Tables = append(p.Tables, headed(t))
	}
	for w := range r.Plan.Workloads {
		p.Titles = append(p.Titles, text.WorkloadTitle(r.Plan.Workloads[w]))
		p.Costs = append(p.Costs, costFigure(r, w))
		p.Spectra = append(p.Spectra, spectrumFigure(r, w))
	}
	return p
}

// pictures returns what there is a picture of, in the order of the page.
func (p *page) pictures() []*picture {
	var all []*picture
	add := func(figures ...*figure) {
		for _, f := range figures {
			if f.Picture != nil {
				all = append(all, f.Picture)
			}
		}
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
	for _, figures := range [][]*figure{p.Costs, {p.Rate, p.Open}, p.Spectra, p.Idle, p.Syscalls, {p.Capacity, p.Stop, p.Trust.Noise}} {
		add(figures...)
	}
	return all
}

// headedTable is one of the lab's tables, with its groups of columns.
type headedTable struct {
	Caption string
	Groups  []group
	Columns []text.Column
	Rows    []headedRow
}

// group is a heading over Span columns.
type group struct {
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
			h.Groups = append(h.Groups, group{c.Group, 1})
		}
	}
	for _, row := range t.Rows {
		h.Rows = append(h.Rows, headedRow{row, len(t.Columns) - len(row.Cells)})
	}
	return h
}
