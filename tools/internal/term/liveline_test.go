package term

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ioflavors/ioflavors/tools/internal/labtest"
)

func TestLine(t *testing.T) {
	s := &labtest.Screen{T: t, Columns: 10, Rows: 5}
	l := &liveLine{w: s, size: s.Size}
	l.erase()
	assert.Zero(t, s.Writes, "there is nothing to erase")
	_, _ = s.Write([]byte("$ lab\r\n"))

	l.draw("the third")
	assert.Equal(t, []string{"$ lab", "the third"}, s.Text())
	l.draw("2")
	assert.Equal(t, []string{"$ lab", "2"}, s.Text(), "nothing is left of what was longer")

	_, _ = s.Write([]byte("^C"))
	l.erase()
	assert.Equal(t, []string{"$ lab"}, s.Text())
	assert.Equal(t, []int{1, 0}, []int{s.Y, s.X})
}

func TestLineInANarrowerTerminal(t *testing.T) {
	s := &labtest.Screen{T: t, Columns: 20, Rows: 10}
	l := &liveLine{w: s, size: s.Size}
	_, _ = s.Write([]byte("$ lab\r\n"))
	l.draw("nineteen characters")
	s.Resize(10)
	assert.Equal(t, []string{"$ lab", "nineteen c", "haracters"}, s.Text())
	l.draw("1")
	assert.Equal(t, []string{"$ lab", "1"}, s.Text())
}

// The screen fails the test if it sees a control sequence that is not liveLine's.
func TestLinePassesOnNoControlSequences(t *testing.T) {
	s := &labtest.Screen{T: t, Columns: 80, Rows: 5}
	l := &liveLine{w: s, size: s.Size}
	l.draw("it said \x1b[9S \x1b]0;title\x07")
	assert.Equal(t, []string{`it said \u001b[9S \u001b]0;title\u0007`}, s.Text())
}
