package lab

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// grid is a table of text, as wide as it needs to be. The first column is
// aligned left, the others right. Neighbouring columns may have a heading in
// common above their own.
type grid struct {
	caption string // for where there is room for one
	columns []column
	rows    []row
}

type column struct{ group, title string }

// row has a cell for each column, or fewer; rest is written behind the last of
// them, and makes no column wider.
type row struct {
	cells []string
	rest  string
}

// gap separates columns, wideGap groups.
const (
	gap     = "  "
	wideGap = "   "
)

// Style says how text is to be emphasised. The zero value does not.
type Style struct{ strong, faint, alarm string }

// ANSI is for terminals.
var ANSI = Style{strong: "\x1b[1m", faint: "\x1b[2m", alarm: "\x1b[31m"}

func paint(code, text string) string {
	if code == "" || text == "" {
		return text
	}
	return code + text + "\x1b[0m"
}

func (g *grid) write(w io.Writer, style Style) error {
	widths := g.widths()
	var groups, titles strings.Builder
	for start := 0; start < len(g.columns); {
		end := start + 1
		for end < len(g.columns) && g.columns[end].group != "" && g.columns[end].group == g.columns[start].group {
			end++
		}
		span := 0
		for i := start; i < end; i++ {
			span += utf8.RuneCountInString(g.before(i)) + widths[i]
		}
		fmt.Fprintf(&groups, "%*s", span, g.columns[start].group)
		start = end
	}
	for i, c := range g.columns {
		titles.WriteString(g.before(i) + g.pad(i, widths[i], c.title))
	}
	var out strings.Builder
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
			line.WriteString(gap + paint(style.alarm, r.rest))
		}
		out.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	_, err := io.WriteString(w, out.String())
	return err
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
	for start := 0; start < len(g.columns); start++ {
		room := widths[start]
		end := start
		for end+1 < len(g.columns) && g.columns[end+1].group == g.columns[start].group {
			end++
			room += len(gap) + widths[end]
		}
		if missing := utf8.RuneCountInString(g.columns[start].group) - room; missing > 0 {
			widths[end] += missing
		}
		start = end
	}
	return widths
}
