package lab

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/printable"
)

// grid is a table of text, as wide as it needs to be. The first column is
// aligned left, the others right. Neighbouring columns may have a heading in
// common above their own.
type grid struct {
	caption string // above all of it, where the table is in a report
	columns []column
	rows    []row
}

type column struct{ group, title string }

// row has a cell for each column, or fewer; rest is written behind the last of
// them, and makes no column wider. It is an alarm if it is not calm.
type row struct {
	cells []string
	rest  string
	calm  bool
}

// gap separates columns, wideGap groups.
const (
	gap     = "  "
	wideGap = "   "
)

// Style says how text is to be emphasised. The zero value does not.
type Style struct{ strong, faint, alarm string }

// ANSI is for terminals.
var ANSI = Style{strong: printable.Strong, faint: printable.Faint, alarm: printable.Alarm}

func paint(code, text string) string {
	if code == "" || text == "" {
		return text
	}
	return code + text + printable.Reset
}

// write writes the table without its caption.
func (g *grid) write(w io.Writer, style Style) error {
	_, err := io.WriteString(w, g.text(style))
	return err
}

func (g *grid) text(style Style) string {
	widths := g.widths()
	var groups, titles, out strings.Builder
	for from := 0; from < len(g.columns); {
		to := g.groupEnd(from)
		span := 0
		for i := from; i < to; i++ {
			span += utf8.RuneCountInString(g.before(i)) + widths[i]
		}
		fmt.Fprintf(&groups, "%*s", span, g.columns[from].group)
		from = to
	}
	for i, c := range g.columns {
		titles.WriteString(g.before(i) + g.pad(i, widths[i], c.title))
	}
	for _, heading := range []string{groups.String(), titles.String()} {
		if heading = strings.TrimRight(heading, " "); heading != "" {
			out.WriteString(paint(style.faint, heading) + "\n")
		}
	}
	for _, r := range g.rows {
		var line strings.Builder
		for i, cell := range r.cells {
			text := g.pad(i, widths[i], cell)
			if i == 0 {
				text = paint(style.strong, text)
			}
			line.WriteString(g.before(i) + text)
		}
		if r.rest != "" {
			code := style.alarm
			if r.calm {
				code = style.faint
			}
			line.WriteString(gap + paint(code, r.rest))
		}
		out.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return out.String()
}

// split returns the table in blocks that are no wider than that, if need be.
// Each has the first column, and as many of the others as fit; those under one
// heading are parted only if they do not fit alone. What is behind a row is
// behind it in the first block. A row that has nothing in a block is not in it,
// and a block without rows is none.
func (g *grid) split(width int) []*grid {
	if g.fits(width) {
		return []*grid{g}
	}
	short := &grid{columns: g.columns}
	for _, r := range g.rows {
		r.cells = slices.Clone(r.cells)
		r.cells[0] = format.Shorten(r.cells[0], width/2)
		short.rows = append(short.rows, r)
	}
	var blocks []*grid
	for from := 1; from < len(g.columns); {
		to, whole := from+1, false
		for end := from + 1; end <= len(g.columns) && short.block(from, end).fits(width); end++ {
			complete := g.groupEnd(end-1) == end
			if complete || !whole {
				to = end
			}
			whole = whole || complete
		}
		if b := short.block(from, to); len(b.rows) > 0 {
			blocks = append(blocks, b)
		}
		from = to
	}
	return blocks
}

// block is the table with the first column and those in [from, to).
func (g *grid) block(from, to int) *grid {
	b := &grid{columns: slices.Concat(g.columns[:1], g.columns[from:to])}
	for _, r := range g.rows {
		part := row{cells: slices.Concat(r.cells[:1], r.cells[min(from, len(r.cells)):min(to, len(r.cells))])}
		if from == 1 {
			part.rest, part.calm = r.rest, r.calm
		} else if len(part.cells) == 1 {
			continue
		}
		b.rows = append(b.rows, part)
	}
	return b
}

func (g *grid) fits(width int) bool {
	for line := range strings.Lines(g.text(Style{})) {
		if utf8.RuneCountInString(line)-1 > width {
			return false
		}
	}
	return true
}

// groupEnd returns the end of the columns that share a heading with that one
// and follow it.
func (g *grid) groupEnd(i int) int {
	end := i + 1
	for end < len(g.columns) && g.columns[i].group != "" && g.columns[end].group == g.columns[i].group {
		end++
	}
	return end
}

// before returns what separates a column from the one before.
func (g *grid) before(i int) string {
	switch {
	case i == 0:
		return ""
	case g.columns[i].group != g.columns[i-1].group:
		return wideGap
	default:
		return gap
	}
}

func (g *grid) pad(i, width int, text string) string {
	if i == 0 {
		return fmt.Sprintf("%-*s", width, text)
	}
	return fmt.Sprintf("%*s", width, text)
}

func (g *grid) widths() []int {
	widths := make([]int, len(g.columns))
	for i, c := range g.columns {
		widths[i] = utf8.RuneCountInString(c.title)
	}
	for _, r := range g.rows {
		for i, cell := range r.cells {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	// A group's heading needs room too.
	for from := 0; from < len(g.columns); {
		to := g.groupEnd(from)
		room := widths[from]
		for i := from + 1; i < to; i++ {
			room += utf8.RuneCountInString(g.before(i)) + widths[i]
		}
		if missing := utf8.RuneCountInString(g.columns[from].group) - room; missing > 0 {
			widths[to-1] += missing
		}
		from = to
	}
	return widths
}
