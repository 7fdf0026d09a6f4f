// Package term shows a run's progress and its figures so far: on a terminal, or in
// lines.
package term

import (
	"fmt"
	"io"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/text"
)

// Progress shows how far a run is: on a terminal by a table of the figures so far,
// elsewhere by a line for each server and round. It writes only between measurements,
// so that it disturbs none. The zero value is silent.
type Progress struct {
	w    io.Writer
	live *live // nil: lines
	Now  func() time.Time

	results     *results.Results
	began       time.Time
	done, total time.Duration // as planned
	at          time.Time     // when done last changed
	// told is the last announced length of the whole run, and why is the reason why it
	// is longer than before.
	told time.Duration
	why  string
}

// NewProgress returns a Progress that writes lines to w.
func NewProgress(w io.Writer) *Progress { return &Progress{w: w, Now: time.Now} }

// NewLiveProgress returns a Progress for a terminal of that size.
func NewLiveProgress(w io.Writer, style text.Style, size func() (columns, rows int)) *Progress {
	return &Progress{w: w, live: &live{region: liveRegion{w: w, size: size}, style: style}, Now: time.Now}
}

// Start begins a run that fills the results and is planned to take total.
func (p *Progress) Start(results *results.Results, total time.Duration) {
	if p.w == nil {
		return
	}
	p.results, p.total, p.told = results, total, total
	p.began = p.Now()
	p.at = p.began
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
	if p.live == nil {
		return
	}
	now := p.Now()
	share := 0.0
	if p.total > 0 {
		share = min(float64(p.done)/float64(p.total), 1)
	}
	if p.why != "" {
		what += " · " + p.why
	}
	p.live.show(now, p.results, moment{server: server, what: what, share: share, left: p.left(now)})
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
	if p.live == nil && line != "" {
		fmt.Fprintf(p.w, "%s (about %s left%s)\n", line, format.Roughly(p.left(p.at)), grown)
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
		p.why = fmt.Sprintf("longer than planned, because this took %s, not %s", format.Roughly(took), format.Roughly(planned))
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
		p.live.region.erase()
	}
}
