package charts

import (
	"fmt"
	"slices"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/report/plot"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// idleCells returns a server's cells, one for each of the plan's numbers of
// connections; nil where it was not measured. A server of one client at a time holds
// one connection at the smallest number that is not 0.
func idleCells(r *results.Results, server string) []*results.IdleCell {
	all := make([]*results.IdleCell, len(r.Plan.IdleConnections))
	for i := range r.Idle {
		c := &r.Idle[i]
		if c.Server != server || c.Resources == nil {
			continue
		}
		for j, n := range r.Plan.IdleConnections {
			if c.Wanted <= n {
				all[j] = c
				break
			}
		}
	}
	return all
}

// held writes the number of connections, if it is not the planned one.
func held(c *results.IdleCell, planned int) string {
	if c.Connections == planned {
		return ""
	}
	return " (" + format.Thousands(float64(c.Connections)) + ")"
}

// Idle shows the CPU time of silent connections: a bar for each model and number
// of connections.
func Idle(r *results.Results) *plot.Figure {
	const title = "Idle burn: CPU with nothing to do"
	steps := r.Plan.IdleConnections
	p := plot.Picture{ID: "idle-cpu", Title: title}
	f := &plot.Figure{ID: p.ID, Missing: "The CPU time of idle servers is not known.", Table: plot.Table{
		Caption: "CPU with silent connections, share of a core; in brackets the number of connections, if fewer", Head: []string{"model"},
	}}
	most, some := 1.0, false
	for _, c := range r.Idle {
		share, known := c.Resources.Share()
		most, some = max(most, share), some || known
	}
	if !some || len(steps) == 0 {
		return f
	}
	var heads []string
	for _, n := range steps {
		heads = append(heads, format.Thousands(float64(n)))
	}
	f.Table.Head = slices.Concat(f.Table.Head, heads, []string{"why it ended"})
	var rows []plot.BarRow
	for _, s := range r.Servers {
		bars := plot.BarRow{Name: s.Name, Class: "median"}
		row, why := []string{s.Name}, format.Absent
		for i, c := range idleCells(r, s.Name) {
			b := plot.Bar{Text: NothingOf(s, format.Absent)}
			if c != nil {
				if share, known := c.Resources.Share(); known {
					b = plot.Bar{Text: format.Percent(share) + held(c, steps[i]), Share: share / most, Known: true, Mark: -1}
				}
				why = whyEnded(s, c, why)
			}
			bars.Bars, row = append(bars.Bars, b), append(row, b.Text)
		}
		rows, f.Table.Rows = append(rows, bars), append(f.Table.Rows, append(row, why))
	}
	p.Heading(title)
	p.Text(plot.Margin, 34, "start", "soft", "silent connections:")
	bottom := p.Bars(51, heads, rows)
	whole := "one core"
	if most > 1 {
		whole = format.Percent(most) + " of a core"
	}
	p.Text(plot.Margin, bottom+10, "start", "soft", "a whole bar is "+whole)
	p.Text(plot.Margin, bottom+27, "start", "soft", "in brackets: the connections that it held, if fewer")
	p.Height = int(bottom) + 37
	p.Desc = "A row for each model, a bar for each number of silent connections: the share of a core that the server used without requests to answer. Less is better."
	f.Picture, f.Missing = &p, ""
	return f
}

// whyEnded returns why the server holds no more connections, or else the reason
// found before.
func whyEnded(s *results.Server, c *results.IdleCell, before string) string {
	switch {
	case c.Short != "":
		return c.Short
	case s.OneAtATime:
		return "it serves one client at a time"
	default:
		return before
	}
}

// PerConnection writes the memory that a silent connection costs.
func PerConnection(r *results.Results, server string) string {
	bytes, known := r.PerConnection(server)
	if !known {
		return format.Absent
	}
	return fmt.Sprintf("%s KiB", format.ThreeDigits(bytes/(1<<10)))
}
