package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ioflavors/ioflavors/tools/internal/answer"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/self"
)

// answerTable is the run's answer, the page's first screen.
type answerTable struct {
	*answer.Answer
	Heads []answerHead
	Lines []answerLine
	// Reasons say why cells have no figure or no mark.
	Reasons []pair
	// Unmeasured names the columns without any figure, and the commands that measure
	// them.
	Unmeasured []pair
	// Void names the columns that were measured without a valid figure, and one reason.
	Void   []pair
	Legend string
}

// answerHead is a column's head. Evidence is the anchor of its section; "": there is
// none.
type answerHead struct {
	answer.Column
	Evidence string
}

type answerLine struct {
	answer.Row
	Words  []word // of the server's name
	Fields []answerField
}

// word is one of a server's name. A short one is not broken: a line that ends in the two
// hyphens of a flag is hard to read.
type word struct {
	Text  string
	Short bool
}

// longestWord is how many letters of a word have room beside six columns.
const longestWord = 20

func words(name string) (all []word) {
	for _, text := range strings.Fields(name) {
		all = append(all, word{text, len([]rune(text)) <= longestWord})
	}
	return all
}

type answerField struct {
	answer.Cell
	Head  answerHead
	Class string // of the scale of good and bad
	Says  string // what the mark means
	Width int    // of the bar, in %
}

func newAnswer(r *results.Results, claims []claim) answerTable {
	t := answerTable{Answer: answer.Of(r), Legend: answer.Legend}
	for _, c := range t.Columns {
		head := answerHead{c, evidence(c.ID, claims)}
		t.Heads = append(t.Heads, head)
		switch why := t.whyVoid(r, c.ID); {
		case c.Measured:
		case why != "":
			t.Void = append(t.Void, pair{c.Name, why})
		default:
			t.addUnmeasured(c.Name+", "+c.Under, self.Line(toMeasure(r, c.Only)))
		}
	}
	for _, row := range t.Rows {
		line := answerLine{Row: row, Words: words(row.Server)}
		for i, cell := range row.Cells {
			field := answerField{Cell: cell, Head: t.Heads[i], Width: int(100*cell.Bar + 0.5)}
			switch cell.Grade {
			case answer.Best:
				field.Class, field.Says = "good", "best, equal to the best, or harmless"
			case answer.Hurts:
				field.Class, field.Says = "bad", "likely to hurt"
			}
			line.Fields = append(line.Fields, field)
			if cell.Why != "" && t.Heads[i].Measured {
				t.Reasons = append(t.Reasons, pair{fmt.Sprintf("%s, %s", row.Server, t.Heads[i].Name), cell.Why})
			}
		}
		t.Lines = append(t.Lines, line)
	}
	return t
}

// whyVoid returns why a server has no figure in a column; "": it was not measured. Servers
// of one client at a time do not count, because to some columns they have no answer.
func (t *answerTable) whyVoid(r *results.Results, id answer.ID) string {
	for _, s := range r.Servers {
		if why := t.Cell(s.Name, id).Why; why != "" && !s.OneAtATime {
			return s.Name + ": " + why
		}
	}
	return ""
}

// addUnmeasured adds a column to those that the same command measures.
func (t *answerTable) addUnmeasured(name, command string) {
	for i := range t.Unmeasured {
		if u := &t.Unmeasured[i]; u.Value == command {
			u.Name += " · " + name
			return
		}
	}
	t.Unmeasured = append(t.Unmeasured, pair{name, command})
}

// evidence returns the anchor of the section that a column's figures are from.
func evidence(column answer.ID, claims []claim) string {
	switch column {
	case answer.CPU:
		return "cpu"
	case answer.Waiting:
		return "rate"
	case answer.Memory, answer.Idle:
		return "idle-burn"
	}
	id := map[answer.ID]string{answer.Client: "E2", answer.Handler: "E10"}[column]
	if slices.ContainsFunc(claims, func(c claim) bool { return c.Anchor == id }) {
		return id
	}
	return ""
}
