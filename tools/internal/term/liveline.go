package term

import (
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/ioflavors/ioflavors/tools/internal/printable"
)

// liveLine is the line at the end of a terminal that is written again and again. The
// cursor stays visible, behind the line, so nothing must be restored however the program
// ends.
type liveLine struct {
	w     io.Writer
	size  func() (columns, rows int)
	shown bool
	drawn int // characters of the line on the screen
}

// draw replaces the line. It must be narrower than the terminal.
func (l *liveLine) draw(line string) {
	line = printable.Line(line)
	io.WriteString(l.w, l.home()+line+"\x1b[J") // one write, so that it does not flicker
	l.shown, l.drawn = true, utf8.RuneCountInString(line)
}

func (l *liveLine) erase() {
	if l.shown {
		io.WriteString(l.w, l.home()+"\x1b[J")
		l.shown, l.drawn = false, 0
	}
}

// home returns the code that moves the cursor to the beginning of the line. If the
// terminal became narrower, it has broken the line.
func (l *liveLine) home() string {
	columns, _ := l.size()
	up := (l.drawn+columns-1)/columns - 1
	if up <= 0 {
		return "\r"
	}
	return fmt.Sprintf("\r\x1b[%dA", up)
}
