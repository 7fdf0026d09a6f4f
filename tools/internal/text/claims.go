package text

import (
	"strings"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// claimTable is the table of verdicts, each with the number to quote. The notes complete
// them.
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

// claimNotes say what each verdict rests on.
func claimNotes(r *results.Results) (notes []string) {
	for _, c := range r.Claims {
		note := ""
		if c.Verdict == results.OnlyWhen {
			note = "only when " + c.When + "; "
		}
		if f, known := c.Number(); known {
			note += f.Server + ": " + f.Why
		} else {
			note += "no server was measured that the claim is about"
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

// doubts counts the findings that another run could decide otherwise, and the findings
// that contradict their prediction.
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

// disturbedMark stands beside each verdict that other programs may have changed.
const disturbedMark = "DISTURBED"
