package generator

import "time"

const (
	// leastPause is the shortest time that counts as a pause. Between two looks at
	// its clock the generator does some ten microseconds' work, or a millisecond's
	// if values are large. Shorter pauses, such as those of a hypervisor, show in
	// the send lag.
	leastPause = time.Millisecond
	// maxSleep is the longest sleep of the generator. A pause during a sleep that an
	// event ends is not noticed, so an unnoticed pause is at most this long.
	maxSleep = 10 * time.Millisecond
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
