package term

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ioflavors/ioflavors/tools/internal/labtest"
	"github.com/ioflavors/ioflavors/tools/internal/text"
)

func TestArea(t *testing.T) {
	s := &labtest.Screen{T: t, Columns: 10, Rows: 5}
	a := &liveRegion{w: s, size: s.Size}
	a.erase()
	assert.Zero(t, s.Writes, "there is nothing to erase")
	_, _ = s.Write([]byte("$ lab\r\n"))

	a.draw([]string{"one", "two", "the third"})
	assert.Equal(t, []string{"$ lab", "one", "two", "the third"}, s.Text())
	a.draw([]string{text.ANSI.Strong + "1" + "\x1b[0m", "2"})
	assert.Equal(t, []string{"$ lab", "1", "2"}, s.Text(), "nothing is left of what was longer, or below")
	a.draw([]string{"a", "b", "c", "d", "e"})
	assert.Equal(t, []string{"a", "b", "c", "d", "e"}, s.Text(), "the terminal has scrolled")
	a.draw([]string{"A", "B"})
	assert.Equal(t, []string{"A", "B"}, s.Text())

	_, _ = s.Write([]byte("^C"))
	a.erase()
	assert.Empty(t, s.Text())
	assert.Equal(t, []int{0, 0}, []int{s.Y, s.X})
}

func TestAreaInANarrowerTerminal(t *testing.T) {
	s := &labtest.Screen{T: t, Columns: 20, Rows: 10}
	a := &liveRegion{w: s, size: s.Size}
	_, _ = s.Write([]byte("$ lab\r\n"))
	coloured := "\x1b[1mname\x1b[0m 15 letters" // 15 of them can be seen
	a.draw([]string{"nineteen characters", coloured, "", "ten chars."})
	s.Resize(10)
	assert.Equal(t, []string{"$ lab", "nineteen c", "haracters", "name 15 le", "tters", "", "ten chars."}, s.Text())
	a.draw([]string{"1", "2"})
	assert.Equal(t, []string{"$ lab", "1", "2"}, s.Text())
}

// The screen fails the test if it sees a control sequence that is not liveRegion's.
func TestAreaPassesOnNoControlSequences(t *testing.T) {
	s := &labtest.Screen{T: t, Columns: 80, Rows: 5}
	a := &liveRegion{w: s, size: s.Size}
	a.draw([]string{"it said \x1b[9S \x1b]0;title\x07"})
	assert.Equal(t, []string{`it said \u001b[9S \u001b]0;title\u0007`}, s.Text())
}
