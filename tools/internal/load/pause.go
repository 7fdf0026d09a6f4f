package load

import (
	"fmt"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

const (
	// leastPause is the shortest pause that is one. Between two looks at its clock
	// the generator does some ten microseconds' work, or a millisecond's if
	// values are large. Shorter pauses, those of a hypervisor say, are found by
	// the send lag.
	leastPause = time.Millisecond
	// glance is how long the generator sleeps at most. A pause within a sleep that
	// an event ends does not show, and so may be as long as that.
	glance = 10 * time.Millisecond
	// rounding is by how much the poller may oversleep, because it waits in two parts
	// and rounds each up to milliseconds.
	rounding = 2 * time.Millisecond
	// lookEvery is how many requests or connections are handled between two looks.
	lookEvery = 1 << 10
	// longWork is how many bytes take so long to move or to compare that a look
	// after it says nothing.
	longWork = 1 << 20
)

// pauses notices that the generator itself did not run: it was stopped, had no
// core, or its cgroup was throttled. Then more time has passed between two looks
// at its clock than it had work for, or it was woken later than it asked for.
type pauses struct {
	looked time.Duration // when it last looked at its clock
	wake   time.Duration // when it asked to be woken, after that

	// Of the open loop, the pause whose consequences last: until the backlog is
	// what it was before. Pauses that come meanwhile add to the delay.
	delay   time.Duration // 0: none
	backlog int

	total, longest time.Duration // in the window
}

// look is called with each look at the clock. It returns how long the generator
// did not run before it; 0 is no pause.
func (p *pauses) look(now time.Duration) time.Duration {
	gap := now - max(p.looked, p.wake)
	p.looked, p.wake = now, 0
	if gap < leastPause {
		return 0
	}
	return gap
}

// now is a look at the generator's clock.
func (g *generator) now() time.Duration {
	now := time.Since(g.clock)
	if pause := g.pauses.look(now); pause > 0 {
		g.paused(pause)
	}
	return now
}

// resume is a look after something that took its time, and was no pause.
func (g *generator) resume() time.Duration {
	now := time.Since(g.clock)
	g.pauses.look(now)
	return now
}

// paused counts a pause that has just ended, and the requests in the system.
func (g *generator) paused(pause time.Duration) {
	p, open := &g.pauses, g.schedule != nil
	counts := g.window.open || open && g.phase == draining
	if counts {
		p.total += pause
		p.longest = max(p.longest, pause)
		if p.delay == 0 {
			_ = g.window.touched.RecordValues(pause.Nanoseconds(), int64(g.outstanding))
		}
	}
	if open {
		if p.delay == 0 {
			p.backlog = g.backlog
		}
		p.delay += pause
	}
}

// settle ends the consequences of a pause if no more requests wait than before.
func (p *pauses) settle(backlog int) {
	if backlog <= p.backlog {
		p.delay = 0
	}
}

// pauseLimit is how large a part of a percentile may be a pause of the generator's:
// beyond a half the figure is more the generator's than the server's.
const pauseLimit = 0.5

// stoppedLimit is the share of the window in which the generator of a closed loop
// may not have run: its rate is lower by as much.
const stoppedLimit = 0.05

// Spoilt reports whether without the pauses of the generator a percentile of the
// response times might be less than half of what it is.
//
// A pause adds at most its length to the response times of the requests that it
// touched. So take the requests that took over half of the percentile, and subtract
// those that were touched by a pause over half of it: the others took so long without
// a pause. If they are more than lie beyond the percentile, then it is over half of
// what it is without the pauses, too.
func (r *Result) Spoilt(percentile float64) bool {
	spoilt, known := r.spoilt(percentile)
	return known && spoilt[0]
}

// spoilt judges percentiles; 100 is the longest time. known is false if there is
// none of them, because there were too few requests.
func (r *Result) spoilt(percentiles ...float64) (spoilt []bool, known bool) {
	spoilt = make([]bool, len(percentiles))
	var touched, response *hdrhistogram.Histogram
	for i, percentile := range percentiles {
		value, ok := r.Response.at(percentile)
		known = known || ok
		half := time.Duration(pauseLimit * float64(value))
		if !ok || r.Generator.Touched.Max <= half {
			continue // nearly always: nothing has to be counted
		}
		if touched == nil {
			var err, responseErr error
			touched, err = r.Generator.Touched.Decode()
			if response, responseErr = r.Response.Decode(); err != nil || responseErr != nil {
				spoilt[i] = true // it is not known
				return spoilt, true
			}
		}
		spoilt[i] = (longer(response, half)-longer(touched, half))*100_000 <= Beyond(percentile)*r.Response.Count
	}
	return spoilt, known
}

// longer returns how many times are longer than one.
func longer(h *hdrhistogram.Histogram, least time.Duration) (n int64) {
	for _, bar := range h.Distribution() {
		if bar.From > least.Nanoseconds() {
			n += bar.Count
		}
	}
	return n
}

// pauseReason returns why pauses of the generator make a run void; empty: they do
// not. Of the percentiles p99.9 is not judged here: it is left out instead.
func (r *Result) pauseReason() string {
	percentiles := []float64{99, 90, 50}
	spoilt, known := r.spoilt(percentiles...)
	if i := slices.Index(spoilt, true); i >= 0 {
		value, _ := r.Response.at(percentiles[i])
		return fmt.Sprintf("%s: that may have made the p%g of %v", r.didNotRun(), percentiles[i], value)
	}
	if !known && r.Spoilt(100) {
		return fmt.Sprintf("%s, and there were too few requests for a percentile", r.didNotRun())
	}
	if !r.Workload.Open() && r.Generator.Paused.Seconds() > stoppedLimit*r.Seconds {
		return fmt.Sprintf("%s, over %.0f %%: the rate is lower by as much", r.didNotRun(), stoppedLimit*100)
	}
	return ""
}

// didNotRun says for how long.
func (r *Result) didNotRun() string {
	g := &r.Generator
	text := fmt.Sprintf("the generator itself did not run for %.3gs of %.3gs", g.Paused.Seconds(), r.Seconds)
	if g.LongestPause < g.Paused {
		text += fmt.Sprintf(", %v at a time at most", g.LongestPause.Round(time.Microsecond))
	}
	return text
}

// leaveOut takes away the p99.9 if pauses of the generator may have made it.
func (r *Result) leaveOut() {
	if r.Spoilt(99.9) {
		r.Response.P999, r.Service.P999 = 0, 0
	}
}
