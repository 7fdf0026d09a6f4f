package lab

import (
	"strings"

	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// Table is one of the report's tables, for those who write it in another form.
type Table struct {
	Caption string
	Columns []TableColumn
	Rows    []TableRow
}

// TableColumn is a heading. Neighbours with the same group share that.
type TableColumn struct{ Group, Name string }

// TableRow has a cell for each column, or fewer and a remark.
type TableRow struct {
	Cells  []string
	Remark string
}

// Tables returns the tables of the report.
func Tables(r *results.Results) []Table {
	var tables []Table
	for _, g := range grids(r) {
		t := Table{Caption: g.caption}
		for _, c := range g.columns {
			t.Columns = append(t.Columns, TableColumn{c.group, c.title})
		}
		for _, row := range g.rows {
			t.Rows = append(t.Rows, TableRow{row.cells, strings.TrimSpace(row.rest)})
		}
		tables = append(tables, t)
	}
	return tables
}
