package report

import (
	"fmt"
	"slices"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// idleShare is how large a part of a core a server used that had nothing to do.
func idleShare(c results.IdleCell) (share float64, known bool) {
	return c.Resources.Share()
}

// idleCells are a server's, by the plan's numbers of connections: nil where it
// was not measured. One that serves one client at a time holds one connection
// where the others hold the fewest.
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

// held says how many connections there were, if not as many as in the plan.
func held(c *results.IdleCell, planned int) string {
	if c.Connections == planned {
		return ""
	}
	return " (" + format.Thousands(float64(c.Connections)) + ")"
}

// idleFigure shows the CPU time of silent connections: a bar for each model and
// number of them.
func idleFigure(r *results.Results) *figure {
	const title = "Idle burn: CPU with nothing to do"
	steps := r.Plan.IdleConnections
	p := picture{ID: "idle-cpu", Title: title}
	f := &figure{ID: p.ID, Missing: "No server’s CPU time at rest is known.", Table: table{
		Caption: "CPU with silent connections, share of a core; in brackets how many there were, if fewer", Head: []string{"model"},
	}}
	most, some := 1.0, false
	for _, c := range r.Idle {
		share, known := idleShare(c)
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
	var rows []barRow
	for _, s := range r.Servers {
		bars := barRow{name: s.Name, class: "median"}
		row, why := []string{s.Name}, format.Absent
		for i, c := range idleCells(r, s.Name) {
			b := bar{text: nothingOf(s, format.Absent)}
			if c != nil {
				if share, known := idleShare(*c); known {
					b = bar{format.Percent(share) + held(c, steps[i]), share / most, true, -1}
				}
				why = whyEnded(s, c, why)
			}
			bars.bars, row = append(bars.bars, b), append(row, b.text)
		}
		rows, f.Table.Rows = append(rows, bars), append(f.Table.Rows, append(row, why))
	}
	p.text(margin, 16, "start", "title", title)
	p.text(margin, 34, "start", "soft", "silent connections:")
	bottom := p.bars(51, heads, rows)
	whole := "one core"
	if most > 1 {
		whole = format.Percent(most) + " of a core"
	}
	p.text(margin, bottom+10, "start", "soft", "a whole bar is "+whole+"; in brackets how many it held")
	p.Height = int(bottom) + 20
	p.Desc = "A row for each model, a bar for each number of silent connections: the share of a core that it used, with no requests to answer. Less is better."
	f.Picture, f.Missing = &p, ""
	return f
}

// whyEnded is the reason why there are no more connections, or what there was
// before.
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

// perConnection says what a silent connection costs in memory.
func perConnection(r *results.Results, server string) string {
	bytes, known := r.PerConnection(server)
	if !known {
		return format.Absent
	}
	return fmt.Sprintf("%s KiB", format.ThreeDigits(bytes/(1<<10)))
}
