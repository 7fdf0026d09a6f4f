package report

import (
	"fmt"

	"github.com/ioflavors/ioflavors/tools/internal/lab"
)

// idleShare is how large a part of a core a server used that had nothing to do.
func idleShare(c lab.IdleCell) (share float64, known bool) {
	if c.Resources == nil || c.Duration <= 0 {
		return 0, false
	}
	return c.Resources.CPU.Seconds() / c.Duration.Seconds(), true
}

// idleCells are a server's, by the plan's numbers of connections: nil where it
// was not measured. One that serves one client at a time holds one connection
// where the others hold the fewest.
func idleCells(r *lab.Results, server string) []*lab.IdleCell {
	all := make([]*lab.IdleCell, len(r.Plan.IdleConnections))
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
func held(c *lab.IdleCell, planned int) string {
	if c.Connections == planned {
		return ""
	}
	return " (" + thousands(float64(c.Connections)) + ")"
}

// idleFigure shows the CPU time of silent connections: a bar for each model and
// number of them.
func idleFigure(r *lab.Results) *figure {
	const rowHeight, top, gap = 50, 58, 8
	const title = "Idle burn: CPU with nothing to do"
	steps := r.Plan.IdleConnections
	p := picture{ID: "idle-cpu", Title: title}
	f := &figure{ID: p.ID, Missing: "No server’s CPU time at rest is known.", Table: table{
		Caption: "CPU with silent connections, share of a core; in brackets how many there were, if fewer", Head: []string{"model"},
	}}
	most, some := 1.0, false
	for _, s := range r.Servers {
		for _, c := range idleCells(r, s.Name) {
			if c == nil {
				continue
			}
			share, known := idleShare(*c)
			most, some = max(most, share), some || known
		}
	}
	if !some {
		return f
	}
	full := (width - 2*margin - gap*float64(len(steps)-1)) / float64(len(steps))
	left := func(step int) float64 { return margin + float64(step)*(full+gap) }
	p.text(margin, 16, "start", "title", title)
	p.text(margin, 34, "start", "soft", "silent connections:")
	for i, n := range steps {
		p.text(left(i), 51, "start", "soft", thousands(float64(n)))
		f.Table.Head = append(f.Table.Head, thousands(float64(n)))
	}
	f.Table.Head = append(f.Table.Head, "why it ended")
	y := float64(top)
	for _, s := range r.Servers {
		p.text(margin, y+14, "start", "", short(s.Name, 40))
		row, why := []string{s.Name}, absent
		for i, c := range idleCells(r, s.Name) {
			value := absent
			if c != nil {
				if share, known := idleShare(*c); known {
					value = percent(share) + held(c, steps[i])
					p.rect("track", left(i), y+34, full, 6)
					p.rect("median", left(i), y+34, max(1, full*share/most), 6)
				}
				why = whyEnded(s, c, why)
			}
			p.text(left(i), y+30, "start", "soft", value)
			row = append(row, value)
		}
		f.Table.Rows = append(f.Table.Rows, append(row, why))
		y += rowHeight
	}
	whole := "one core"
	if most > 1 {
		whole = percent(most) + " of a core"
	}
	p.text(margin, y+10, "start", "soft", "a whole bar is "+whole+"; in brackets how many it held")
	p.Height = int(y) + 20
	p.Desc = "A row for each model, a bar for each number of silent connections: the share of a core that it used, with no requests to answer. Less is better."
	f.Picture, f.Missing = &p, ""
	return f
}

// whyEnded is the reason why there are no more connections, or what there was
// before.
func whyEnded(s *lab.Server, c *lab.IdleCell, before string) string {
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
func perConnection(r *lab.Results, server string) string {
	bytes, known := r.PerConnection(server)
	if !known {
		return absent
	}
	return fmt.Sprintf("%s KiB", digits(bytes/(1<<10)))
}
