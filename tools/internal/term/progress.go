// Package term shows a run's progress: in a line of a terminal that changes, or in lines.
package term

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/format"
)

// Progress shows how far a run is: on a terminal by a line that changes, elsewhere by
// lines. It writes only between measurements, so that it disturbs none. The zero value is
// silent.
type Progress struct {
	w     io.Writer
	live  *live         // nil: lines
	every time.Duration // the least time between two lines; 0: a line for each measurement
	Now   func() time.Time

	began       time.Time
	done, total time.Duration // as planned
	at          time.Time     // when done last changed
	wrote       time.Time     // the last line
	doing       string        // the running measurement; "": it was not announced
	// told is the last announced length of the whole run, and why is the reason why it
	// is longer than before.
	told time.Duration
	why  string
}

// NewProgress returns a Progress that writes a line for each measurement to w.
func NewProgress(w io.Writer) *Progress { return &Progress{w: w, Now: time.Now} }

// NewSparseProgress returns a Progress that writes a line to w about every ten seconds.
func NewSparseProgress(w io.Writer) *Progress {
	return &Progress{w: w, every: 10 * time.Second, Now: time.Now}
}

// NewLiveProgress returns a Progress for a terminal of that size.
func NewLiveProgress(w io.Writer, size func() (columns, rows int)) *Progress {
	return &Progress{w: w, live: &live{line: liveLine{w: w, size: size}}, Now: time.Now}
}

// Start begins a run that is planned to take total.
func (p *Progress) Start(total time.Duration) {
	if p.w == nil {
		return
	}
	p.total, p.told = total, total
	p.began = p.Now()
	p.at, p.wrote = p.began, p.began
	if p.live == nil {
		fmt.Fprintf(p.w, "about %s\n", format.Roughly(total))
	}
}

// Tell writes a line that belongs to no measurement.
func (p *Progress) Tell(line string) {
	if p.w != nil && p.live == nil {
		fmt.Fprintln(p.w, line)
	}
}

// Doing announces the next measurement: its server, if it has one, and its name, the
// most particular part first.
func (p *Progress) Doing(server, what string) {
	if p.w == nil || p.live == nil && p.every == 0 {
		return
	}
	now := p.Now()
	m := moment{server: server, what: what, left: p.left(now)}
	p.doing = m.name()
	if p.total > 0 {
		m.share = min(float64(p.done)/float64(p.total), 1)
	}
	switch {
	case p.live == nil && now.Sub(p.wrote) >= p.every:
		p.wrote = now
		fmt.Fprintln(p.w, m)
	case p.live != nil:
		if p.why != "" {
			m.what += " · " + p.why
		}
		p.live.show(now, m)
	}
}

// Finished counts a measurement that was planned to take that long, and may write a
// line about it.
func (p *Progress) Finished(planned time.Duration, line string) {
	if p.w == nil {
		return
	}
	p.done += planned
	now := p.Now()
	took := now.Sub(p.at)
	p.at = now
	grown := p.explain(took, planned)
	switch {
	case p.live != nil:
	case p.every == 0 && line != "":
		fmt.Fprintf(p.w, "%s (about %s left%s)\n", line, format.Roughly(p.left(p.at)), grown)
	case p.every > 0 && grown != "":
		p.wrote = now
		fmt.Fprintln(p.w, strings.TrimPrefix(grown, "; "))
	}
}

// Extend adds to the planned length, and says why.
func (p *Progress) Extend(by time.Duration, why string) {
	if p.w == nil {
		return
	}
	p.total += by
	p.told += by
	p.why = fmt.Sprintf("about %s more, because %s", format.Roughly(by), why)
	p.Tell(p.why)
}

// explain returns why the run takes much longer than announced, "" if it does not. Users
// do not believe an estimate that grows without a reason.
func (p *Progress) explain(took, planned time.Duration) string {
	const share, least = 1.25, 15 * time.Second
	all := p.at.Sub(p.began) + p.left(p.at)
	if all-p.told < least || float64(all) < share*float64(p.told) {
		return ""
	}
	p.told = all
	if took > 2*planned {
		// The reason is shown beside the next measurement, so it names its own.
		p.why = fmt.Sprintf("longer than planned, because %s took %s, not %s", cmp.Or(p.doing, "this"), format.Roughly(took), format.Roughly(planned))
	} else {
		p.why = fmt.Sprintf("longer than planned, because everything takes %.1f times as long", p.at.Sub(p.began).Seconds()/p.done.Seconds())
	}
	return "; " + p.why
}

// left estimates the length of the rest from the pace so far. The estimate also counts
// an eighth of the plan as if it had been kept, so that a slow start does not make it
// endless.
func (p *Progress) left(now time.Time) time.Duration {
	trust := p.total / 8
	if p.done+trust <= 0 {
		return 0
	}
	pace := float64(p.at.Sub(p.began)+trust) / float64(p.done+trust)
	rest := time.Duration(pace * float64(p.total-p.done))
	return max(0, rest-now.Sub(p.at))
}

// End gives the terminal back.
func (p *Progress) End() {
	if p.live != nil {
		p.live.line.erase()
	}
}
