package report

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// maxCases is how many cases a picture has room for.
const maxCases = 6

// caseRow is what a server did in one case: where there were repeats, the medians
// of them.
type caseRow struct {
	name  string
	low   float64 // the median of the response time, if it is about that
	value float64 // the 99th percentile, or another measure; 0: not known
}

// caseRows are a server's.
func caseRows(trials []results.Trial, server string, cases []string, m measure) (all []caseRow) {
	for _, name := range cases {
		mine := slices.DeleteFunc(slices.Clone(trials), func(t results.Trial) bool { return t.Server != server || t.Case != name })
		row := caseRow{name: name, value: medianOf(mine, m)}
		if m.name == p99Measure.name {
			row.low = medianOf(mine, p50Measure)
		}
		all = append(all, row)
	}
	return all
}

func medianOf(trials []results.Trial, m measure) float64 {
	var all []float64
	for _, t := range trials {
		if x, known := m.of(t); known {
			all = append(all, x)
		}
	}
	middle, _ := median(all)
	return middle
}

// casesOf are the names of an experiment's cases of which a measure is known, in
// the order they were run.
func casesOf(trials []results.Trial, m measure) (all []string) {
	for _, t := range trials {
		if _, known := m.of(t); known && !slices.Contains(all, t.Case) {
			all = append(all, t.Case)
		}
	}
	return all
}

// caseFigures show the response times of each server in cases that are no
// numbers: what a handler that sleeps does to the requests beside it, say.
func caseFigures(r *results.Results, e *results.Statement, slug string) []*figure {
	const rowHeight, left, right = 31, margin + 8, width - margin - 8
	trials := trialsOf(r, e.ID)
	m, other := measures[e.Shows]
	if other = other && e.Against == ""; !other {
		m = p99Measure
	}
	cases := casesOf(trials, m)
	if _, varied := trendOf(e, trials); varied || len(cases) < 2 {
		return nil
	}
	f := &figure{ID: "cases-" + slug, Remarks: voidRuns(trials)}
	if more := len(cases) - maxCases; more > 0 {
		cases = cases[:maxCases]
		f.Remarks = append(f.Remarks, fmt.Sprintf("%d further cases are in the table of all runs.", more))
	}
	var values []float64
	for _, s := range r.Servers {
		for _, row := range caseRows(trials, s.Name, cases, m) {
			values = append(values, row.low, row.value)
		}
	}
	x, ok := newScale(values, left, right)
	if !ok {
		return nil
	}
	p := picture{ID: f.ID, Title: e.ID + " · " + e.Title + ": " + m.name + " by case"}
	f.Table = table{Caption: p.Title, Head: []string{"model", "case", "p50", m.name}}
	p.text(margin, 16, "start", "title", short(e.ID+" · "+e.Title, titleLetters))
	y := 26.0
	for i, s := range r.Servers {
		rows := caseRows(trials, s.Name, cases, m)
		if !slices.ContainsFunc(rows, func(row caseRow) bool { return row.value > 0 }) {
			continue
		}
		p.shape(modelClass("full", i), i, margin+5, y+12)
		p.text(margin+15, y+16, "start", "value", short(s.Name, 34))
		y += 22
		for _, row := range rows {
			p.caseMarks(row, m, x, i, y)
			f.Table.Rows = append(f.Table.Rows, []string{s.Name, cmp.Or(row.name, format.Absent), m.orAbsent(row.low), m.orAbsent(row.value)})
			y += rowHeight
		}
		y += 6
	}
	for _, l := range apart(m.labels(x), 44) {
		p.text(l.at, y+10, "middle", "soft", l.text)
	}
	diamond := sign{func(x, y float64) { p.shape("hollow c0", 3, x+14, y) }, m.name + ", and its value; log scale"}
	signs := []sign{{func(x, y float64) { p.shape("full c0", 0, x+14, y) }, "p50"}, diamond}
	p.Desc = "For each server a row for each case: a full circle at the median of the response time and a hollow diamond at the 99th percentile, on a logarithmic axis. Left is quicker."
	if other {
		signs = signs[1:]
		p.Desc = "For each server a row for each case: a hollow diamond at " + m.name + ", on a logarithmic axis. Left is less."
	}
	p.Height = int(p.key(y+32, signs...))
	f.Picture = &p
	return []*figure{f}
}

func (p *picture) caseMarks(row caseRow, m measure, x scale, number int, y float64) {
	p.text(margin+15, y+12, "start", "soft", short(cmp.Or(row.name, "otherwise"), 36))
	if row.value == 0 {
		p.text(width-margin, y+12, "end", "soft", "not measured")
		return
	}
	p.text(width-margin, y+12, "end", "small value", m.orAbsent(row.value))
	line := y + 22
	p.line("rule", margin, line, width-margin, line)
	for _, v := range x.ticks() {
		p.line("rule", x.at(v), line-3, x.at(v), line+3)
	}
	if row.low > 0 {
		p.line(modelClass("curve", number), x.at(row.low), line, x.at(row.value), line)
		p.shape(modelClass("full", number), 0, x.at(row.low), line)
	}
	p.shape(modelClass("hollow", number), 3, x.at(row.value), line)
}

// orAbsent writes a value of the measure, if there is one.
func (m measure) orAbsent(x float64) string {
	if x == 0 {
		return format.Absent
	}
	return amount(x, m.unit)
}
