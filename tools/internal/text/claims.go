package text

import (
	"strings"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// claimTable is the table of verdicts: for each claim the server with the number
// to quote. What completes them is in the notes.
func claimTable(r *results.Results) *Table {
	g := &Table{Caption: "The article's claims, put to the test", Columns: []Column{{"", "CLAIM"}, {"", "VERDICT"}, {"", "NUMBER"}, {"", "RANGE"}}}
	for _, c := range r.Claims {
		e := r.Statement(c.Experiment)
		if e == nil {
			e = &results.Statement{Title: "(of another version)"}
		}
		verdict := string(c.Verdict)
		if c.Disturbed {
			verdict += ", " + disturbedMark
		}
		cells := []string{c.Experiment + " " + e.Title, verdict, format.Absent, format.Absent}
		if f, known := c.Number(); known && (f.Verdict.Decided() || f.Number != 0) {
			cells[2] = format.ThreeDigits(f.Number) + " " + e.Unit
			if f.Low != f.High {
				cells[3] = format.ThreeDigits(f.Low) + "–" + format.ThreeDigits(f.High)
			}
		}
		g.Rows = append(g.Rows, Row{Cells: cells})
	}
	return g
}

// claimNotes say of each claim what its verdict rests on.
func claimNotes(r *results.Results) (notes []string) {
	for _, c := range r.Claims {
		note := ""
		if c.Verdict == results.OnlyWhen {
			note = "only when " + c.When + "; "
		}
		if f, known := c.Number(); known {
			note += f.Server + ": " + f.Why
		} else {
			note += "none was measured of those that it is about"
			if e := r.Statement(c.Experiment); e != nil {
				note += ": " + strings.Join(e.About, ", ")
			}
		}
		if doubts := doubts(c); doubts != "" {
			note += " (" + doubts + ")"
		}
		notes = append(notes, c.Experiment+"  "+note+".")
	}
	return notes
}

// doubts says of how many of a claim's findings another run could decide
// otherwise, and how many nobody has predicted.
func doubts(c results.Claim) string {
	near, surprising := c.Doubts()
	var all []string
	if len(near) > 0 {
		all = append(all, "close for "+format.Count(len(near), "server"))
	}
	if len(surprising) > 0 {
		all = append(all, "not as predicted for "+format.Count(len(surprising), "server"))
	}
	return strings.Join(all, ", ")
}

// disturbedMark is beside each verdict of a disturbed run that other programs may
// have touched.
const disturbedMark = "DISTURBED"
