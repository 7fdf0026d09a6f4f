package kvserver

import (
	"math"
	"time"

	"github.com/ioflavors/ioflavors/common/session"
)

// unasked is later than any time: the timer has to be asked, whatever is due.
const unasked time.Duration = math.MaxInt64

// looked is what is known of a client when it is judged.
type looked uint8

const (
	heard   looked = 1 << iota // all that it has sent is read
	tried                      // it was offered what it is to take
	offered                    // it is about to be, by a call that may wait for it
)

// heard reports whether the last read took all that there was, or the client is
// not read at present.
func (c *Conn) heard() looked {
	if c.more && c.Wants()&session.Read != 0 {
		return 0
	}
	return heard
}

// The clocks, by what happens when one has run out.
type clock uint8

const (
	clockIdle clock = iota
	clockFrame
	clockWrite
	clockTurn
	clockDrain
	clockClose
)

// needs returns what must be known of a client that is late by this clock. A
// server that was stopped, or had much to do, finds clocks run out and clients
// ready at the same time, and it is not they who were late.
func (c clock) needs() looked {
	switch c {
	case clockIdle, clockFrame, clockDrain:
		return heard
	case clockWrite:
		return tried
	default:
		return 0
	}
}

// undisturbed reports, without a look at the clocks, that none has run out and
// that none will before Expire is called. That time was as early as the first
// that was running when it was chosen. Those that run between whole frames begin
// at the present when they begin, or begin again, and take the host's briefest
// at least; the others are not trusted to this.
func (c *Conn) undisturbed(now time.Duration) bool {
	return c.frame == 0 && !c.closing && c.phase == Serving && now < c.wake && c.wake <= now+c.lane.host.briefest
}

// due returns which clock runs out first, and when.
func (c *Conn) due() (at time.Duration, which clock) {
	limits := &c.lane.host.Limits
	at, which = c.until, clockTurn
	switch {
	case c.closing:
		which = clockClose
	case c.phase == Draining:
		which = clockDrain
	}
	sooner := func(t time.Duration, w clock) {
		if t < at {
			at, which = t, w
		}
	}
	writing := len(c.Output()) > 0
	if writing {
		sooner(c.lane.latest(c.wrote)+limits.WriteTimeout, clockWrite)
	}
	if !writing && !c.closing {
		switch {
		case c.phase == Draining:
			sooner(c.lane.latest(c.moved)+drainQuiet, clockDrain)
		case c.frame == 0:
			sooner(c.lane.latest(c.moved)+limits.IdleTimeout, clockIdle)
		}
		// While replies wait this rests: they are owed whatever comes next.
		if c.frame > 0 {
			sooner(c.lane.latest(c.begun)+limits.FrameTimeout, clockFrame)
		}
	}
	return at, which
}

func (c *Conn) expire(which clock, now time.Duration) {
	switch which {
	case clockIdle:
		c.end(ClosedIdle, nil)
		c.Abort(nil)
	case clockFrame:
		c.end(ClosedSlowFrame, nil)
		c.Abort(nil)
	case clockWrite:
		c.end(ClosedSlowReader, nil)
		c.Abort(nil)
	case clockTurn:
		limits := &c.lane.host.Limits
		if !c.lane.Others() {
			c.until = c.lane.Now() + max(limits.TurnLimit/10, lookAgain)
			return
		}
		c.finish(ClosedTurn, now+limits.WriteTimeout)
	case clockDrain:
		quiet := now >= c.lane.latest(c.moved)+drainQuiet
		if c.Paused() || c.reads < drainReads && !quiet {
			c.until = now + drainQuiet // Shutdown's context may end that
			return
		}
		c.finish(ClosedShutdown, never)
	case clockClose:
		c.Abort(nil)
	}
}
