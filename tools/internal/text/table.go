package text

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/printable"
)

// Table is a table of text, as wide as its cells. The first column is aligned left, the
// others right. Neighbouring columns may share a heading above their own.
type Table struct {
	Caption string // above the table in a report
	Columns []Column
	Rows    []Row
	Tight   bool // groups are no further apart than their columns
}

// Column is a heading. Neighbours of the same group share the group's heading.
type Column struct{ Group, Name string }

// Row has a cell for each column, or fewer. The remark stands behind the last cell, and
// makes no column wider. It is an alarm unless the row is calm.
type Row struct {
	Cells  []string
	Remark string
	Calm   bool
}

// Gap separates columns, wideGap separates groups.
const (
	Gap     = "  "
	wideGap = "   "
)

// Style has the codes that emphasise text. The zero value emphasises nothing.
type Style struct{ Strong, Faint, Alarm string }

// ANSI is for terminals.
var ANSI = Style{Strong: printable.Strong, Faint: printable.Faint, Alarm: printable.Alarm}

// Paint returns the text in the style that the code begins.
func Paint(code, text string) string {
	if code == "" || text == "" {
		return text
	}
	return code + text + printable.Reset
}

// Write writes the table without its caption.
func (g *Table) Write(w io.Writer, style Style) error {
	_, err := io.WriteString(w, g.Text(style))
	return err
}

// Text returns the table without its caption.
func (g *Table) Text(style Style) string {
	widths := g.Widths()
	var groups, titles, out strings.Builder
	for from := 0; from < len(g.Columns); {
		to := g.groupEnd(from)
		span := 0
		for i := from; i < to; i++ {
			span += utf8.RuneCountInString(g.Before(i)) + widths[i]
		}
		fmt.Fprintf(&groups, "%*s", span, g.Columns[from].Group)
		from = to
	}
	for i, c := range g.Columns {
		titles.WriteString(g.Before(i) + g.pad(i, widths[i], c.Name))
	}
	for _, heading := range []string{groups.String(), titles.String()} {
		if heading = strings.TrimRight(heading, " "); heading != "" {
			out.WriteString(Paint(style.Faint, heading) + "\n")
		}
	}
	for _, r := range g.Rows {
		var line strings.Builder
		for i, cell := range r.Cells {
			text := g.pad(i, widths[i], cell)
			if i == 0 {
				text = Paint(style.Strong, text)
			}
			line.WriteString(g.Before(i) + text)
		}
		if r.Remark != "" {
			code := style.Alarm
			if r.Calm {
				code = style.Faint
			}
			line.WriteString(Gap + Paint(code, r.Remark))
		}
		out.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return out.String()
}

// Split returns the table in blocks no wider than width. Each block has the first column
// and as many others as fit; it parts columns of one group only if the group does not
// fit alone. Remarks are in the first block. A row without cells in a block is not in
// that block, and a block without rows is left out.
func (g *Table) Split(width int) []*Table {
	if g.fits(width) {
		return []*Table{g}
	}
	short := &Table{Columns: g.Columns}
	for _, r := range g.Rows {
		r.Cells = slices.Clone(r.Cells)
		r.Cells[0] = format.Shorten(r.Cells[0], width/2)
		short.Rows = append(short.Rows, r)
	}
	var blocks []*Table
	for from := 1; from < len(g.Columns); {
		to, whole := from+1, false
		for end := from + 1; end <= len(g.Columns) && short.block(from, end).fits(width); end++ {
			complete := g.groupEnd(end-1) == end
			if complete || !whole {
				to = end
			}
			whole = whole || complete
		}
		if b := short.block(from, to); len(b.Rows) > 0 {
			blocks = append(blocks, b)
		}
		from = to
	}
	return blocks
}

// block returns the table with the first column and the columns in [from, to).
func (g *Table) block(from, to int) *Table {
	b := &Table{Columns: slices.Concat(g.Columns[:1], g.Columns[from:to])}
	for _, r := range g.Rows {
		part := Row{Cells: slices.Concat(r.Cells[:1], r.Cells[min(from, len(r.Cells)):min(to, len(r.Cells))])}
		if from == 1 {
			part.Remark, part.Calm = r.Remark, r.Calm
		} else if len(part.Cells) == 1 {
			continue
		}
		b.Rows = append(b.Rows, part)
	}
	return b
}

func (g *Table) fits(width int) bool {
	for line := range strings.Lines(g.Text(Style{})) {
		if utf8.RuneCountInString(line)-1 > width {
			return false
		}
	}
	return true
}

// groupEnd returns the end of the columns that share a heading with column i and follow
// it.
func (g *Table) groupEnd(i int) int {
	end := i + 1
	for end < len(g.Columns) && g.Columns[i].Group != "" && g.Columns[end].Group == g.Columns[i].Group {
		end++
	}
	return end
}

// Before returns the gap before a column.
func (g *Table) Before(i int) string {
	switch {
	case i == 0:
		return ""
	case g.Columns[i].Group != g.Columns[i-1].Group && !g.Tight:
		return wideGap
	default:
		return Gap
	}
}

func (g *Table) pad(i, width int, text string) string {
	if i == 0 {
		return fmt.Sprintf("%-*s", width, text)
	}
	return fmt.Sprintf("%*s", width, text)
}

// Widths returns the widths of the columns, in characters.
func (g *Table) Widths() []int {
	widths := make([]int, len(g.Columns))
	for i, c := range g.Columns {
		widths[i] = utf8.RuneCountInString(c.Name)
	}
	for _, r := range g.Rows {
		for i, cell := range r.Cells {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	// A group's heading needs room, too.
	for from := 0; from < len(g.Columns); {
		to := g.groupEnd(from)
		room := widths[from]
		for i := from + 1; i < to; i++ {
			room += utf8.RuneCountInString(g.Before(i)) + widths[i]
		}
		if missing := utf8.RuneCountInString(g.Columns[from].Group) - room; missing > 0 {
			widths[to-1] += missing
		}
		from = to
	}
	return widths
}
