package reporttest

import (
	"strings"
	"testing"

	"github.com/ioflavors/ioflavors/tools/internal/report/plot"
)

// Text returns what is written in a picture, one text in a line.
func Text(p *plot.Picture) string {
	var all []string
	for _, m := range p.Marks {
		if m.Text != "" {
			all = append(all, m.Text)
		}
	}
	return strings.Join(all, "\n")
}

// Paths counts the paths of a class.
func Paths(p *plot.Picture, class string) int {
	n := 0
	for _, m := range p.Marks {
		if m.Text == "" && m.Class == class {
			n++
		}
	}
	return n
}

// Row returns a table's row of that name.
func Row(t *testing.T, of plot.Table, name string) []string {
	t.Helper()
	for _, row := range of.Rows {
		if row[0] == name {
			return row
		}
	}
	t.Fatalf("no row %q in %q", name, of.Caption)
	return nil
}
