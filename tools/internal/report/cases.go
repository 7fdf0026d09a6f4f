package report

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/ioflavors/ioflavors/tools/internal/lab"
)

// maxCases is how many cases a picture has room for.
const maxCases = 6

// caseRow is a server's response time in one case: where there were repeats, the
// medians of them.
type caseRow struct {
	name     string
	p50, p99 float64 // 0: not known
}

// caseRows are a server's.
func caseRows(trials []lab.Trial, server string, cases []string) (all []caseRow) {
	for _, name := range cases {
		mine := slices.DeleteFunc(slices.Clone(trials), func(t lab.Trial) bool { return t.Server != server || t.Case != name })
		row := caseRow{name: name}
		row.p50 = medianOf(mine, p50Measure)
		row.p99 = medianOf(mine, p99Measure)
		all = append(all, row)
	}
	return all
}

func medianOf(trials []lab.Trial, m measure) float64 {
	var all []float64
	for _, t := range trials {
		if x, known := m.of(t); known {
			all = append(all, x)
		}
	}
	middle, _ := median(all)
	return middle
}

// casesOf are the names of an experiment's cases in which response times were
// measured, in the order they were.
func casesOf(trials []lab.Trial) (all []string) {
	for _, t := range trials {
		if _, known := p99Measure.of(t); known && !slices.Contains(all, t.Case) {
			all = append(all, t.Case)
		}
	}
	return all
}

// caseFigures show the response times of each server in cases that are no
// numbers: what a handler that sleeps does to the requests beside it, say.
func caseFigures(r *lab.Results, e *lab.Experiment, slug string) []*figure {
	const rowHeight, left, right = 31, margin + 8, width - margin - 8
	trials := trialsOf(r, e.ID)
	cases := casesOf(trials)
	if _, varied := trendOf(e.ID, trials); varied || len(cases) < 2 {
		return nil
	}
	f := &figure{ID: "cases-" + slug}
	if more := len(cases) - maxCases; more > 0 {
		cases = cases[:maxCases]
		f.Remarks = append(f.Remarks, fmt.Sprintf("%d further cases are in the table of all runs.", more))
	}
	var times []float64
	for _, s := range r.Servers {
		for _, row := range caseRows(trials, s.Name, cases) {
			times = append(times, row.p50, row.p99)
		}
	}
	x, ok := newScale(times, left, right)
	if !ok {
		return nil
	}
	p := picture{ID: f.ID, Title: e.ID + " · " + e.Title + ": response time by case"}
	f.Table = table{Caption: p.Title, Head: []string{"model", "case", "p50", "p99"}}
	p.text(margin, 16, "start", "title", short(e.ID+" · "+e.Title, titleLetters))
	y := 26.0
	for i, s := range r.Servers {
		rows := caseRows(trials, s.Name, cases)
		if !slices.ContainsFunc(rows, func(row caseRow) bool { return row.p99 > 0 }) {
			continue
		}
		p.shape(modelClass("full", i), i, margin+5, y+12)
		p.text(margin+15, y+16, "start", "value", short(s.Name, 34))
		y += 22
		for _, row := range rows {
			p.caseMarks(row, x, i, y)
			f.Table.Rows = append(f.Table.Rows, []string{s.Name, cmp.Or(row.name, absent), timeText(row.p50), timeText(row.p99)})
			y += rowHeight
		}
		y += 6
	}
	for _, l := range apart(timeLabels(x), 44) {
		p.text(l.at, y+10, "middle", "soft", l.text)
	}
	p.Height = int(p.key(y+32,
		sign{func(x, y float64) { p.shape("full c0", 0, x+14, y) }, "p50"},
		sign{func(x, y float64) { p.shape("hollow c0", 3, x+14, y) }, "p99, and its value; log scale"}))
	p.Desc = "For each server a row for each case: a full circle at the median of the response time and a hollow diamond at the 99th percentile, on a logarithmic axis. Left is quicker."
	f.Picture = &p
	return []*figure{f}
}

func (p *picture) caseMarks(row caseRow, x scale, number int, y float64) {
	p.text(margin+15, y+12, "start", "soft", short(cmp.Or(row.name, "otherwise"), 36))
	if row.p99 == 0 {
		p.text(width-margin, y+12, "end", "soft", "not measured")
		return
	}
	p.text(width-margin, y+12, "end", "small value", timeText(row.p99))
	line := y + 22
	p.line("rule", margin, line, width-margin, line)
	for _, v := range x.ticks() {
		p.line("rule", x.at(v), line-3, x.at(v), line+3)
	}
	if row.p50 > 0 {
		p.line(modelClass("curve", number), x.at(row.p50), line, x.at(row.p99), line)
		p.shape(modelClass("full", number), 0, x.at(row.p50), line)
	}
	p.shape(modelClass("hollow", number), 3, x.at(row.p99), line)
}

func timeText(ns float64) string {
	if ns == 0 {
		return absent
	}
	return duration(ns)
}
