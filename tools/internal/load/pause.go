package load

import (
	"fmt"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

const (
	// leastPause is the shortest time that counts as a pause. Between two looks at
	// its clock the generator does some ten microseconds' work, or a millisecond's
	// if values are large. Shorter pauses, such as those of a hypervisor, show in
	// the send lag.
	leastPause = time.Millisecond
	// glance is the longest sleep of the generator. A pause during a sleep that an
	// event ends is not noticed, so an unnoticed pause is at most this long.
	glance = 10 * time.Millisecond
	// rounding is the longest time that the poller may oversleep, because it waits in
	// two parts and rounds each up to milliseconds.
	rounding = 2 * time.Millisecond
	// lookEvery is the number of requests or connections handled between two
	// looks.
	lookEvery = 1 << 10
	// longWork is a number of bytes that take so long to move or to compare that
	// the look after it cannot tell a pause from the work.
	longWork = 1 << 20
)

// pauses notices that the generator itself did not run: it was stopped, had no
// core, or its cgroup was throttled. Then more time passed between two looks at
// its clock than its work takes, or it woke later than it asked for.
type pauses struct {
	looked time.Duration // when it last looked at its clock
	wake   time.Duration // when it asked to be woken, after looked

	// Only in the open loop: the pause whose consequences last, until the
	// backlog is as small as before. Further pauses meanwhile add to delay.
	delay   time.Duration // 0: none
	backlog int

	total, longest time.Duration // in the window
}

// look is called with each reading of the clock. It returns how long the
// generator did not run before it; 0 means no pause.
func (p *pauses) look(now time.Duration) time.Duration {
	gap := now - max(p.looked, p.wake)
	p.looked, p.wake = now, 0
	if gap < leastPause {
		return 0
	}
	return gap
}

// now reads the generator's clock, and counts a pause before it.
func (g *generator) now() time.Duration {
	now := time.Since(g.clock)
	if pause := g.pauses.look(now); pause > 0 {
		g.paused(pause)
	}
	return now
}

// resume reads the clock after something that took long but was no pause.
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

// settle ends the consequences of a pause when the backlog is no larger than
// before it.
func (p *pauses) settle(backlog int) {
	if backlog <= p.backlog {
		p.delay = 0
	}
}

// pauseLimit is the largest part of a percentile that a pause of the generator may
// be: beyond a half, the figure is more the generator's than the server's.
const pauseLimit = 0.5

// stoppedLimit is the largest share of the window in which the generator of a
// closed loop may not have run: the rate is lower by that share.
const stoppedLimit = 0.05

// Spoilt reports whether, without the generator's pauses, a percentile of the
// response times might be less than half of its value.
//
// A pause adds at most its length to the response times of the requests that it
// touched. So count the requests that took more than half of the percentile, and
// subtract those that were touched by a pause longer than half of it: the rest took
// that long without a pause. If the rest are more than lie beyond the percentile, the
// percentile without pauses is more than half of its value, too.
func (r *Result) Spoilt(percentile float64) bool {
	spoilt, known := r.spoilt(percentile)
	return known && spoilt[0]
}

// spoilt judges percentiles; 100 is the longest time. known is false if none of
// them is known, because there were too few requests.
func (r *Result) spoilt(percentiles ...float64) (spoilt []bool, known bool) {
	spoilt = make([]bool, len(percentiles))
	var touched, response *hdrhistogram.Histogram
	for i, percentile := range percentiles {
		value, ok := r.Response.at(percentile)
		known = known || ok
		half := time.Duration(pauseLimit * float64(value))
		if !ok || r.Generator.Touched.Max <= half {
			continue // nearly always: nothing to count
		}
		if touched == nil {
			var err, responseErr error
			touched, err = r.Generator.Touched.Decode()
			if response, responseErr = r.Response.Decode(); err != nil || responseErr != nil {
				spoilt[i] = true // it is unknown
				return spoilt, true
			}
		}
		spoilt[i] = (longer(response, half)-longer(touched, half))*100_000 <= Beyond(percentile)*r.Response.Count
	}
	return spoilt, known
}

// longer returns how many times are longer than least.
func longer(h *hdrhistogram.Histogram, least time.Duration) (n int64) {
	for _, bar := range h.Distribution() {
		if bar.From > least.Nanoseconds() {
			n += bar.Count
		}
	}
	return n
}

// pauseReason returns why pauses of the generator make a run void; empty: they do
// not. It does not judge p99.9, which is left out instead.
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

// didNotRun says how long the generator did not run.
func (r *Result) didNotRun() string {
	g := &r.Generator
	text := fmt.Sprintf("the generator itself did not run for %.3gs of %.3gs", g.Paused.Seconds(), r.Seconds)
	if g.LongestPause < g.Paused {
		text += fmt.Sprintf(", %v at a time at most", g.LongestPause.Round(time.Microsecond))
	}
	return text
}

// leaveOut removes the p99.9 if pauses of the generator may have made it.
func (r *Result) leaveOut() {
	if r.Spoilt(99.9) {
		r.Response.P999, r.Service.P999 = 0, 0
	}
}
