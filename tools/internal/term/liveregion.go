package term

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/ioflavors/ioflavors/tools/internal/printable"
)

// liveRegion is the lines at the end of a terminal that are written again and again. The
// cursor stays visible, behind the last line, so nothing must be restored however the
// program ends.
type liveRegion struct {
	w      io.Writer
	size   func() (columns, rows int)
	widths []int // of the lines on the screen
}

// draw replaces the lines. Each line must be narrower than the terminal.
func (a *liveRegion) draw(lines []string) {
	var out strings.Builder
	out.WriteString(a.home())
	for i, line := range lines {
		if i > 0 {
			out.WriteString("\x1b[K\r\n")
		}
		out.WriteString(printable.Styled(line))
	}
	out.WriteString("\x1b[J")
	a.widths = a.widths[:0]
	for _, line := range lines {
		a.widths = append(a.widths, visible(line))
	}
	io.WriteString(a.w, out.String()) // one write, so that it does not flicker
}

func (a *liveRegion) erase() {
	if len(a.widths) > 0 {
		io.WriteString(a.w, a.home()+"\x1b[J")
		a.widths = nil
	}
}

// home returns the code that moves the cursor to the beginning of the lines. If the
// terminal became narrower, it has broken the lines.
func (a *liveRegion) home() string {
	columns, _ := a.size()
	up := -1
	for _, width := range a.widths {
		up += max(1, (width+columns-1)/columns)
	}
	if up <= 0 {
		return "\r"
	}
	return fmt.Sprintf("\r\x1b[%dA", up)
}

// visible counts the characters of a text without its colour codes.
func visible(text string) int {
	n := 0
	for i, part := range strings.Split(text, "\x1b[") {
		if i > 0 {
			_, part, _ = strings.Cut(part, "m")
		}
		n += utf8.RuneCountInString(part)
	}
	return n
}
