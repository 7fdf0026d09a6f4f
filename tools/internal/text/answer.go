package text

import (
	"slices"
	"strings"

	"github.com/ioflavors/ioflavors/tools/internal/answer"
	"github.com/ioflavors/ioflavors/tools/internal/format"
)

// AnswerLines is the most lines that Answer writes about the usual servers, in the usual
// width: those of a terminal of 24 lines, less three for the files' names.
const AnswerLines = 21

// Answer writes a run's answer in lines of at most width characters: the finding, the
// figures that tell which server to take, and how far to trust them.
func Answer(a *answer.Answer, style Style, width int) string {
	var out strings.Builder
	fill := func(text, indent string) string { return Wrap(text, min(width, TextWidth), indent) + "\n" }
	out.WriteString(Paint(style.Strong, strings.TrimSuffix(fill(a.Finding, ""), "\n")) + "\n")
	if a.Advice != "" {
		out.WriteString(fill(a.Advice, "  "))
	}
	out.WriteString("\n" + answerTable(a, width).Text(style))
	legend := answer.Legend
	if slices.ContainsFunc(a.Columns, func(c answer.Column) bool { return c.ID == answer.Client }) {
		legend = answerHeads + legend
	}
	out.WriteString(Paint(style.Faint, strings.TrimSuffix(fill(legend, ""), "\n")) + "\n")
	var calm, alarming []string
	for _, remark := range a.Trust {
		if remark.Warn {
			alarming = append(alarming, remark.Text)
		} else {
			calm = append(calm, remark.Text)
		}
	}
	if len(alarming) > 0 {
		out.WriteString(Paint(style.Alarm, strings.TrimSuffix(fill("Beware: "+strings.Join(alarming, " · "), "  "), "\n")) + "\n")
	}
	if len(calm) > 0 {
		out.WriteString(fill("Trust: "+strings.Join(calm, " · "), "  "))
	}
	return out.String()
}

// answerHeads explains the heads that are short.
const answerHeads = "slow client: the others' longest wait beside one · slow handler: p99 of cheap requests beside one · "

// answerTable has the columns' names in two lines. Where it is too wide, the names of
// the servers become shorter.
func answerTable(a *answer.Answer, width int) *Table {
	t := &Table{Columns: []Column{{"", "MODEL"}}, Tight: true}
	for _, c := range a.Columns {
		t.Columns = append(t.Columns, Column{c.Short[0], c.Short[1]})
	}
	for _, row := range a.Rows {
		if row.Note != "" && !known(row) {
			remark, _, _ := strings.Cut(row.Note, ":")
			t.Rows = append(t.Rows, Row{Cells: []string{row.Server}, Remark: remark, Calm: true})
			continue
		}
		cells := []string{row.Server}
		for _, c := range row.Cells {
			mark := c.Grade.Mark()
			if mark == "" {
				mark = " "
			}
			cells = append(cells, strings.ReplaceAll(c.Text, " ", "")+mark)
		}
		t.Rows = append(t.Rows, Row{Cells: cells})
	}
	if t.fits(width) {
		return t
	}
	others := 0
	for i, w := range t.Widths()[1:] {
		others += len(t.Before(i+1)) + w
	}
	for i := range t.Rows {
		t.Rows[i].Cells[0] = format.Shorten(t.Rows[i].Cells[0], max(8, width-others))
	}
	return t
}

func known(row answer.Row) bool {
	for _, c := range row.Cells {
		if c.Known {
			return true
		}
	}
	return false
}
