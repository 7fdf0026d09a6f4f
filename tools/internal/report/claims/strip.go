package claims

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/report/plot"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// placed is a finding with a number, and the place of its server among all, which
// decides its shape and its colour.
type placed struct {
	results.Finding
	number   int
	headline bool
}

func placedFindings(r *results.Results, c results.Claim) (all []placed) {
	quoted, _ := c.Number()
	for i, s := range r.Servers {
		for _, f := range c.Findings {
			if f.Server == s.Name && f.Verdict.Decided() {
				all = append(all, placed{f, i, f.Server == quoted.Server})
			}
		}
	}
	return all
}

// class is full for yes, hollow for no.
func (f placed) class() string {
	if f.Verdict == results.Confirmed {
		return plot.Class("full", f.number)
	}
	return plot.Class("hollow", f.number)
}

// yesAndNo explain the classes.
func yesAndNo(p *plot.Picture) []plot.Sign {
	return []plot.Sign{p.ShapeSign("full c0", plot.Circle, "yes"), p.ShapeSign("hollow c0", plot.Circle, "no")}
}

func numbers(findings []placed, ends bool) (all []float64) {
	for _, f := range findings {
		all = append(all, f.Number)
		if ends {
			all = append(all, f.Low, f.High)
		}
	}
	return all
}

const logAxis = " The axis is logarithmic."

// strip has the numbers of all servers on one line. Equal numbers are one above the
// other.
func strip(r *results.Results, e *results.Statement, c results.Claim, slug string) *plot.Picture {
	const left, right, row, foot = plot.Margin + 14, plot.Width - plot.Margin - 14, 12, 20
	findings := placedFindings(r, c)
	x, ok := plot.Fitting(numbers(findings, false), left, right)
	if !ok {
		return nil
	}
	places := stacked(findings, x)
	levels := 0
	for _, level := range places {
		levels = max(levels, level+1)
	}
	p := plot.Picture{ID: "strip-" + slug, Title: fmt.Sprintf("%s, each server’s number", e.ID)}
	base := float64(9 + row*levels)
	p.Line("rule", plot.Margin, base, plot.Width-plot.Margin, base)
	for _, l := range amountLabels(x, e.Unit) {
		p.Line("rule", l.At, base, l.At, base+4)
		p.Text(l.Inside(), base+foot-3, "middle", "soft", l.Text)
	}
	var said []string
	for i, f := range findings {
		x, y := x.At(f.Number), base-8-float64(row*places[i])
		if f.headline {
			p.Ring(x, y)
		}
		p.Shape(f.class(), f.number, x, y)
		said = append(said, fmt.Sprintf("%s %s, %s", f.Server, format.Amount(f.Number, e.Unit), answerOf(f.Verdict)))
	}
	p.Height = int(base) + foot + 2
	p.Desc = "A mark for each server, full where the answer is yes; a ring around the one whose number is quoted. " + strings.Join(said, "; ") + "."
	if !x.Even() {
		p.Desc += logAxis
	}
	return &p
}

// stacked returns how high each finding is above the line, so that no mark covers
// another.
func stacked(findings []placed, x plot.Scale) []int {
	const room = 12
	levels := make([]int, len(findings))
	for i, f := range findings {
		taken := func(level int) bool {
			for j := range i {
				if levels[j] == level && math.Abs(x.At(findings[j].Number)-x.At(f.Number)) < room {
					return true
				}
			}
			return false
		}
		for taken(levels[i]) {
			levels[i]++
		}
	}
	return levels
}

// shortUnit is how many letters of a unit fit beside each number of an axis. A longer
// unit stands beside the servers' numbers only.
const shortUnit = 3

// amountLabels are round numbers with their unit, without the labels that have no
// room.
func amountLabels(x plot.Scale, unit string) []plot.Label {
	return plot.Apart(x.Labels(func(v float64) string {
		text, isTime := format.TickOf(v, unit)
		if !isTime && v > 0 && len([]rune(unit)) <= shortUnit {
			text = strings.TrimSpace(text + " " + unit)
		}
		return text
	}), 62)
}

// findingsFigure has a row for each server: its number, and the range of its
// repeats.
func findingsFigure(r *results.Results, e *results.Statement, c results.Claim, slug string) *plot.Figure {
	const rowHeight, top, left, right = 42, 34, plot.Margin + 8, plot.Width - plot.Margin - 8
	findings := placedFindings(r, c)
	x, ok := plot.Fitting(numbers(findings, true), left, right)
	if !ok {
		return nil
	}
	p := plot.Picture{ID: "findings-" + slug, Title: e.ID + ": each server’s number"}
	f := &plot.Figure{ID: p.ID, Picture: &p, Table: plot.Table{Caption: p.Title, Head: []string{"model", "answer", "number", "range"}}}
	p.Heading(e.ID + " · each server’s number")
	y := float64(top)
	axis := amountLabels(x, e.Unit)
	some := false
	for _, found := range findings {
		value, ends := format.Amount(found.Number, e.Unit), format.Range(found.Low, found.High, e.Unit)
		p.Text(plot.Margin, y+14, "start", "", format.Clip(found.Server, 34))
		p.Text(plot.Width-plot.Margin, y+14, "end", "value", value)
		p.Line("rule", plot.Margin, y+26, plot.Width-plot.Margin, y+26)
		for _, l := range axis {
			p.Line("rule", l.At, y+22, l.At, y+30)
		}
		if ends != "" {
			some = true
			p.Whisker(x.At(found.Low), x.At(found.High), y+26)
		}
		p.Shape(found.class(), found.number, x.At(found.Number), y+26)
		f.Table.Rows = append(f.Table.Rows, []string{found.Server, answerOf(found.Verdict), value, cmp.Or(ends, format.Absent)})
		y += rowHeight
	}
	for _, l := range axis {
		p.Text(l.Inside(), y+10, "middle", "soft", l.Text)
	}
	signs := yesAndNo(&p)
	if some {
		signs = append(signs, plot.Sign{Text: "repeats", Draw: func(x, y float64) { p.Whisker(x, x+plot.SignWidth, y) }})
	}
	p.Height = int(p.Key(y+34, signs...))
	p.Desc = "A row for each server with its number, full where the answer is yes, and a line from the smallest to the largest of its repeats."
	if !x.Even() {
		p.Desc += logAxis
	}
	return f
}

// Marks lists the servers with the marks that they have in the strips; nil if there
// are no strips.
func Marks(r *results.Results) *plot.Picture {
	const rowHeight = 21
	if !slices.ContainsFunc(r.Claims, func(c results.Claim) bool { return len(c.Findings) > 0 }) {
		return nil
	}
	p := plot.Picture{ID: "marks", Title: "The servers’ marks"}
	p.Heading(p.Title)
	y := 42.0
	for i, s := range r.Servers {
		p.Shape(plot.Class("full", i), i, plot.Margin+8, y-4)
		p.Text(plot.Margin+22, y, "start", "", format.Clip(s.Name, 36))
		if s.Unavailable != "" {
			p.Text(plot.Width-plot.Margin, y, "end", "soft", "not available")
		}
		y += rowHeight
	}
	p.Height = int(p.Key(y+10, append(yesAndNo(&p), p.RingSign("the number quoted"))...))
	p.Desc = "A list of the servers with the mark that each has in the strips of the claims."
	return &p
}
