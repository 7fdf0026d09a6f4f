package server

import (
	"math"
	"time"

	"github.com/ioflavors/ioflavors/common/session"
)

// noTimer is later than any time: no timer is set.
const noTimer time.Duration = math.MaxInt64

// looked notes the server's attempts to read from a client and write to it
// before it judges the client late.
type looked uint8

const (
	heard   looked = 1 << iota // it has read everything that the client has sent
	tried                      // it has offered the client its unsent replies
	offered                    // it is about to offer them, by a call that may wait for the client
)

// heard returns heard if the last read took everything that there was, or if
// the client is not read at present.
func (c *Conn) heard() looked {
	if c.more && c.Wants()&session.Read != 0 {
		return 0
	}
	return heard
}

// The clocks, named after what happens when they run out.
type clock uint8

const (
	clockIdle clock = iota
	clockFrame
	clockWrite
	clockTurn
	clockDrain
	clockClose
)

// needs returns what the server must have done before a client is late by this
// clock. After a stop, or a long stretch of work, a server finds expired clocks
// and ready clients at the same time; the server was late then, not the
// clients.
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

// undisturbed reports, without checking the clocks, that none has run out and
// that none will before HandleTimeout is called. This holds because timer was
// set for the first clock to run out, and a clock that runs between whole
// frames and has begun since runs for at least the server's briefest timeout.
// While the frame, drain or close clock runs, undisturbed is false.
func (c *Conn) undisturbed(now time.Duration) bool {
	return c.frame == 0 && !c.closing && c.phase == Serving && now < c.timer && c.timer <= now+c.lane.core.briefest
}

// due returns which clock runs out first, and when.
func (c *Conn) due() (at time.Duration, which clock) {
	limits := &c.lane.core.Limits
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
		// While replies wait, the frame clock rests: the replies are owed,
		// whatever comes next.
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
		limits := &c.lane.core.Limits
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
