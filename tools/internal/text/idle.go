package text

import (
	"fmt"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// idleCosts is the table of silent connections.
func idleCosts(r *results.Results) *Table {
	g := &Table{Caption: "What silent connections cost", Columns: []Column{{"", "MODEL"}}}
	steps := r.Plan.IdleConnections
	for _, group := range []string{"CPU by silent connections", "RSS MiB by connections"} {
		for _, n := range steps {
			g.Columns = append(g.Columns, Column{group, format.Thousands(float64(n))})
		}
	}
	g.Columns = append(g.Columns, Column{"", "KiB/CONN"})
	for _, s := range r.Servers {
		cpu, rss := make([]string, len(steps)), make([]string, len(steps))
		for i, n := range steps {
			cpu[i], rss[i] = format.Absent, format.Absent
			for _, c := range r.Idle {
				if c.Server != s.Name || c.Resources == nil || c.Wanted != n && !(s.OneAtATime && i == 1 && c.Wanted == 1) {
					continue
				}
				at := ""
				if c.Connections != n {
					at = " at " + format.Thousands(float64(c.Connections))
				}
				cpu[i], rss[i] = format.Percent(c.CoreShare()), format.Mebibytes(c.Resources.RSS)+at
			}
		}
		if rss[0] == format.Absent {
			continue
		}
		each := format.Absent
		if bytes, known := r.PerConnection(s.Name); known {
			each = format.ThreeDigits(bytes / (1 << 10))
		}
		g.Rows = append(g.Rows, Row{Cells: append(append(append([]string{s.Name}, cpu...), rss...), each)})
	}
	return g
}

// idleNotes explains the table of silent connections.
func idleNotes(r *results.Results) []string {
	if len(r.Idle) == 0 {
		return nil
	}
	notes := []string{"KiB/CONN is the growth of RSS for each connection, from the first column to the last; the kernel's buffers are not in it. " +
		"Measured once. A server of one client at a time holds one connection."}
	for _, c := range r.Idle {
		if c.Short != "" {
			notes = append(notes, fmt.Sprintf("NOT MEASURED: %s with %s connections: %s.", c.Server, format.Thousands(float64(c.Wanted)), c.Short))
		}
	}
	return notes
}
