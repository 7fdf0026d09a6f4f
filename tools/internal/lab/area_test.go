package lab

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestArea(t *testing.T) {
	s := &screen{t: t, columns: 10, rows: 5}
	a := &area{w: s, size: s.size}
	a.erase()
	assert.Zero(t, s.writes, "there is nothing to erase")
	_, _ = s.Write([]byte("$ lab\r\n"))

	a.draw([]string{"one", "two", "the third"})
	assert.Equal(t, []string{"$ lab", "one", "two", "the third"}, s.text())
	a.draw([]string{ANSI.strong + "1" + "\x1b[0m", "2"})
	assert.Equal(t, []string{"$ lab", "1", "2"}, s.text(), "nothing is left of what was longer, or below")
	a.draw([]string{"a", "b", "c", "d", "e"})
	assert.Equal(t, []string{"a", "b", "c", "d", "e"}, s.text(), "the terminal has scrolled")
	a.draw([]string{"A", "B"})
	assert.Equal(t, []string{"A", "B"}, s.text())

	_, _ = s.Write([]byte("^C"))
	a.erase()
	assert.Empty(t, s.text())
	assert.Equal(t, []int{0, 0}, []int{s.y, s.x})
}

func TestAreaInANarrowerTerminal(t *testing.T) {
	s := &screen{t: t, columns: 20, rows: 10}
	a := &area{w: s, size: s.size}
	_, _ = s.Write([]byte("$ lab\r\n"))
	coloured := "\x1b[1mname\x1b[0m 15 letters" // 15 of them can be seen
	a.draw([]string{"nineteen characters", coloured, "", "ten chars."})
	s.resize(10)
	assert.Equal(t, []string{"$ lab", "nineteen c", "haracters", "name 15 le", "tters", "", "ten chars."}, s.text())
	a.draw([]string{"1", "2"})
	assert.Equal(t, []string{"$ lab", "1", "2"}, s.text())
}

// The screen fails the test if it sees a control sequence that is not area's.
func TestAreaPassesOnNoControlSequences(t *testing.T) {
	s := &screen{t: t, columns: 80, rows: 5}
	a := &area{w: s, size: s.size}
	a.draw([]string{"it said \x1b[9S \x1b]0;title\x07"})
	assert.Equal(t, []string{`it said \u001b[9S \u001b]0;title\u0007`}, s.text())
}
