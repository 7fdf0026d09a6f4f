package claims

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/report/plot"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// maxCases is how many cases a picture has room for.
const maxCases = 6

// caseRow is what a server did in one case: medians of the repeats.
type caseRow struct {
	name  string
	low   float64 // the median response time, if the row is about that
	value float64 // the 99th percentile, or another measure; 0: not known
}

func caseRows(trials []results.Trial, server string, cases []string, m measure) (all []caseRow) {
	median, _ := measureOf(results.MedianTime, nil)
	for _, name := range cases {
		mine := slices.DeleteFunc(slices.Clone(trials), func(t results.Trial) bool { return t.Server != server || t.Case != name })
		row := caseRow{name: name, value: medianOf(mine, m)}
		if m.name == results.P99Time {
			row.low = medianOf(mine, median)
		}
		all = append(all, row)
	}
	return all
}

// medianOf returns the median of a measure, 0 if it is not known.
func medianOf(trials []results.Trial, m measure) float64 {
	var all []float64
	for _, t := range trials {
		if x, known := m.of(t); known {
			all = append(all, x)
		}
	}
	if len(all) == 0 {
		return 0
	}
	return results.Median(all)
}

// casesOf returns the names of the cases of which a measure is known, in the order
// they were run.
func casesOf(trials []results.Trial, m measure) (all []string) {
	for _, t := range trials {
		if _, known := m.of(t); known && !slices.Contains(all, t.Case) {
			all = append(all, t.Case)
		}
	}
	return all
}

// caseFigures show a measure of each server in cases that differ in something other
// than a number: with a handler that sleeps, for example.
func caseFigures(r *results.Results, e *results.Statement, slug string) []*plot.Figure {
	const rowHeight, left, right = 31, plot.Margin + 8, plot.Width - plot.Margin - 8
	trials := trialsOf(r, e.ID)
	m, other := measureOf(e.Shows, trials)
	if other = other && e.Against == ""; !other {
		m, _ = measureOf(results.P99Time, trials)
	}
	cases := casesOf(trials, m)
	if _, varied := trendOf(e, trials); varied || len(cases) < 2 {
		return nil
	}
	f := &plot.Figure{ID: "cases-" + slug, Remarks: voidRuns(trials)}
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
	x, ok := plot.Logarithmic(values, left, right)
	if !ok {
		return nil
	}
	name := string(m.name)
	p := plot.Picture{ID: f.ID, Title: e.ID + " · " + e.Title + ": " + name + " by case"}
	f.Table = plot.Table{Caption: p.Title, Head: []string{"model", "case", "p50", name}}
	p.Heading(format.Clip(e.ID+" · "+e.Title, plot.TitleLetters))
	y := 26.0
	for i, s := range r.Servers {
		rows := caseRows(trials, s.Name, cases, m)
		if !slices.ContainsFunc(rows, func(row caseRow) bool { return row.value > 0 }) {
			continue
		}
		p.Shape(plot.Class("full", i), i, plot.Margin+5, y+12)
		p.Text(plot.Margin+15, y+16, "start", "value", format.Clip(s.Name, 34))
		y += 22
		for _, row := range rows {
			caseMarks(&p, row, m, x, i, y)
			f.Table.Rows = append(f.Table.Rows, []string{s.Name, cmp.Or(row.name, format.Absent), m.orAbsent(row.low), m.orAbsent(row.value)})
			y += rowHeight
		}
		y += 6
	}
	for _, l := range plot.Apart(m.labels(x), 44) {
		p.Text(l.At, y+10, "middle", "soft", l.Text)
	}
	signs := []plot.Sign{p.ShapeSign("full c0", plot.Circle, "p50"), p.ShapeSign("hollow c0", plot.Diamond, name+", and its value; log scale")}
	p.Desc = "For each server a row for each case: a full circle at the median response time and a hollow diamond at the 99th percentile, on a logarithmic axis. Left is quicker."
	if other {
		signs = signs[1:]
		p.Desc = "For each server a row for each case: a hollow diamond at " + name + ", on a logarithmic axis. Left is less."
	}
	p.Height = int(p.Key(y+32, signs...))
	f.Picture = &p
	return []*plot.Figure{f}
}

func caseMarks(p *plot.Picture, row caseRow, m measure, x plot.Scale, number int, y float64) {
	p.Text(plot.Margin+15, y+12, "start", "soft", format.Clip(cmp.Or(row.name, "otherwise"), 36))
	if row.value == 0 {
		p.Text(plot.Width-plot.Margin, y+12, "end", "soft", "not measured")
		return
	}
	p.Text(plot.Width-plot.Margin, y+12, "end", "small value", m.orAbsent(row.value))
	line := y + 22
	p.Line("rule", plot.Margin, line, plot.Width-plot.Margin, line)
	for _, v := range x.Ticks() {
		p.Line("rule", x.At(v), line-3, x.At(v), line+3)
	}
	if row.low > 0 {
		p.Line(plot.Class("curve", number), x.At(row.low), line, x.At(row.value), line)
		p.Shape(plot.Class("full", number), plot.Circle, x.At(row.low), line)
	}
	p.Shape(plot.Class("hollow", number), plot.Diamond, x.At(row.value), line)
}

// orAbsent writes a value of the measure, if there is one.
func (m measure) orAbsent(x float64) string {
	if x == 0 {
		return format.Absent
	}
	return format.Amount(x, m.unit)
}
