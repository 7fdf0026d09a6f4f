package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// placed are the findings with a number, each with the place of its server among
// all: that is its shape and its colour.
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

// dotClass tells yes from no: full or hollow.
func dotClass(f placed) string {
	if f.Verdict == results.Confirmed {
		return modelClass("full", f.number)
	}
	return modelClass("hollow", f.number)
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

// strip has the numbers of all servers on one line, those that are equal one
// above the other.
func strip(r *results.Results, e *results.Statement, c results.Claim, slug string) *picture {
	const left, right, row, foot = margin + 14, width - margin - 14, 12, 20
	findings := placedFindings(r, c)
	x, ok := fitting(numbers(findings, false), left, right)
	if !ok {
		return nil
	}
	places := stacked(findings, x)
	levels := 0
	for _, level := range places {
		levels = max(levels, level+1)
	}
	p := picture{ID: "strip-" + slug, Title: fmt.Sprintf("%s, each server’s number", e.ID)}
	base := float64(9 + row*levels)
	p.line("rule", margin, base, width-margin, base)
	for _, l := range apart(amountLabels(x, e.Unit), 62) {
		p.line("rule", l.at, base, l.at, base+4)
		p.text(inside(l), base+foot-3, "middle", "soft", l.text)
	}
	var said []string
	for i, f := range findings {
		at := spot{x.at(f.Number), base - 8 - float64(row*places[i])}
		if f.headline {
			p.ring(at.x, at.y)
		}
		p.shape(dotClass(f), f.number, at.x, at.y)
		said = append(said, fmt.Sprintf("%s %s, %s", f.Server, amount(f.Number, e.Unit), f.Verdict))
	}
	p.Height = int(base) + foot + 2
	p.Desc = "A mark for each server, full where the claim is confirmed; a ring around the one whose number is quoted. " + strings.Join(said, "; ") + "."
	if !x.even {
		p.Desc += " The axis is logarithmic."
	}
	return &p
}

// stacked returns how high each finding is above the line, so that no mark is on
// another.
func stacked(findings []placed, x scale) []int {
	const room = 12
	levels := make([]int, len(findings))
	for i, f := range findings {
		taken := func(level int) bool {
			for j := range i {
				if levels[j] == level && math.Abs(x.at(findings[j].Number)-x.at(f.Number)) < room {
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

// shortUnit is how many letters a unit has that there is room for at each number
// of an axis. A longer one is beside the servers' numbers.
const shortUnit = 3

// amountLabels are round numbers with their unit.
func amountLabels(x scale, unit string) (all []label) {
	for _, v := range x.labelled() {
		text := compact(v)
		if ns, isTime := timeUnits[unit]; isTime && v > 0 {
			text = tick(v * ns)
		} else if v > 0 && len([]rune(unit)) <= shortUnit {
			text = strings.TrimSpace(text + " " + unit)
		}
		all = append(all, label{x.at(v), text})
	}
	return all
}

// findingsFigure has a row for each server: its number, and the range of its
// repeats. The table beside it on the page has the same in figures.
func findingsFigure(r *results.Results, e *results.Statement, c results.Claim, slug string) *figure {
	const rowHeight, top, left, right = 42, 34, margin + 8, width - margin - 8
	findings := placedFindings(r, c)
	x, ok := fitting(numbers(findings, true), left, right)
	if !ok {
		return nil
	}
	p := picture{ID: "findings-" + slug, Title: e.ID + ": what each server came to"}
	f := &figure{ID: p.ID, Picture: &p, Table: table{Caption: p.Title, Head: []string{"model", "verdict", "number", "range"}}}
	p.text(margin, 16, "start", "title", e.ID+" · each server’s number")
	y := float64(top)
	axis := apart(amountLabels(x, e.Unit), 62)
	some := false
	for _, found := range findings {
		value, ends := amount(found.Number, e.Unit), amounts(found.Low, found.High, e.Unit)
		p.text(margin, y+14, "start", "", short(found.Server, 34))
		p.text(width-margin, y+14, "end", "value", value)
		p.line("rule", margin, y+26, width-margin, y+26)
		for _, l := range axis {
			p.line("rule", l.at, y+22, l.at, y+30)
		}
		if ends != "" {
			some = true
			p.whisker(x.at(found.Low), x.at(found.High), y+26)
		}
		p.shape(dotClass(found), found.number, x.at(found.Number), y+26)
		f.Table.Rows = append(f.Table.Rows, []string{found.Server, string(found.Verdict), value, cmp.Or(ends, format.Absent)})
		y += rowHeight
	}
	for _, l := range axis {
		p.text(inside(l), y+10, "middle", "soft", l.text)
	}
	signs := []sign{
		{func(x, y float64) { p.shape("full c0", 0, x+14, y) }, "confirmed"},
		{func(x, y float64) { p.shape("hollow c0", 0, x+14, y) }, "not"},
	}
	if some {
		signs = append(signs, sign{func(x, y float64) { p.whisker(x, x+28, y) }, "repeats"})
	}
	p.Height = int(p.key(y+34, signs...))
	p.Desc = "A row for each server with its number, full where the claim is confirmed, and a line from the smallest to the largest of its repeats."
	if !x.even {
		p.Desc += " The axis is logarithmic."
	}
	return f
}

// marksFigure says which mark is whose, for the strips.
func marksFigure(r *results.Results) *picture {
	const rowHeight = 21
	if !slices.ContainsFunc(r.Claims, func(c results.Claim) bool { return len(c.Findings) > 0 }) {
		return nil
	}
	p := picture{ID: "marks", Title: "Whose mark is whose"}
	p.text(margin, 16, "start", "title", p.Title)
	y := 42.0
	for i, s := range r.Servers {
		p.shape(modelClass("full", i), i, margin+8, y-4)
		p.text(margin+22, y, "start", "", short(s.Name, 42))
		if s.Unavailable != "" {
			p.text(width-margin, y, "end", "soft", nothingOf(s, ""))
		}
		y += rowHeight
	}
	p.Height = int(p.key(y+10,
		sign{func(x, y float64) { p.shape("full c0", 0, x+14, y) }, "confirmed"},
		sign{func(x, y float64) { p.shape("hollow c0", 0, x+14, y) }, "not"},
		sign{func(x, y float64) { p.ring(x+14, y) }, "the number quoted"}))
	p.Desc = "A list of the servers with the mark that each has in the strips of the claims."
	return &p
}
