package lab

import (
	"fmt"
	"strings"
)

// claimTable is the table of verdicts: for each claim the server with the number
// to quote.
func (r *Results) claimTable() *grid {
	g := &grid{caption: "The article's claims, put to the test", columns: []column{{"", "CLAIM"}, {"", "VERDICT"}, {"", "NUMBER"}, {"", "RANGE"}}}
	for _, c := range r.Claims {
		e := experiment(c.Experiment)
		if e == nil {
			e = &Experiment{Title: "(of another version)"}
		}
		cells := []string{c.Experiment + " " + e.Title, string(c.Verdict), absent, absent}
		rest := c.When
		if f, known := c.Number(); known {
			cells[2] = threeDigits(f.Number) + " " + e.Unit
			if f.Low != f.High {
				cells[3] = threeDigits(f.Low) + "–" + threeDigits(f.High)
			}
			if c.Verdict == OnlyWhen {
				rest += "; "
			}
			rest += f.Server + ": " + f.Why
		}
		if rest == "" {
			rest = "of those that it is about none was measured: " + strings.Join(e.About, ", ")
		}
		if note := r.doubts(c); note != "" {
			rest += " (" + note + ")"
		}
		g.rows = append(g.rows, row{cells: cells, rest: rest, calm: true})
	}
	return g
}

// doubts says of how many of a claim's findings another run could decide
// otherwise, and how many nobody has predicted.
func (r *Results) doubts(c Claim) (text string) {
	near, surprising := 0, 0
	for _, f := range c.Findings {
		if f.Close {
			near++
		}
		if f.Surprising() {
			surprising++
		}
	}
	if near > 0 {
		text = fmt.Sprintf("close for %s", count(near, "server"))
	}
	if surprising > 0 {
		if text != "" {
			text += ", "
		}
		text += fmt.Sprintf("not as predicted for %s", count(surprising, "server"))
	}
	return text
}
