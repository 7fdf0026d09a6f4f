package report

import (
	"github.com/ioflavors/ioflavors/tools/internal/lab"
)

// idleFigure shows what a server uses that has nothing to do.
func idleFigure(r *lab.Results) *figure {
	const rowHeight, top, full = 38, 34, width - 2*margin
	const title = "CPU used with nothing to do"
	p := picture{ID: "idle", Title: title}
	t := table{Caption: title + ", share of a core", Head: []string{"model", "median of the rounds"}}
	most, some := 1.0, false
	for _, s := range r.Servers {
		share, known := r.IdleShare(s.Name)
		most, some = max(most, share), some || known
	}
	if !some {
		return &figure{ID: p.ID, Missing: "No server’s CPU time at rest is known."}
	}
	p.text(margin, 16, "start", "title", title)
	y := float64(top)
	for _, s := range r.Servers {
		share, known := r.IdleShare(s.Name)
		value := "not measured"
		p.text(margin, y+14, "start", "", short(s.Name, 34))
		if known {
			value = percent(share)
			p.rect("track", margin, y+20, full, 8)
			p.rect("median", margin, y+20, max(1, full*share/most), 8)
		}
		p.text(width-margin, y+14, "end", map[bool]string{true: "value", false: "soft"}[known], value)
		t.Rows = append(t.Rows, []string{s.Name, value})
		y += rowHeight
	}
	whole := "one core"
	if most > 1 {
		whole = percent(most)
	}
	p.text(margin, y+10, "start", "soft", "share of a core; the whole bar is "+whole)
	p.Height = int(y) + 20
	p.Desc = "A bar for each model: the share of a core that it used with connections open and no requests. Less is better."
	return &figure{ID: p.ID, Picture: &p, Table: t}
}
