package kvserver

import (
	"errors"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/ioflavors/ioflavors/common/frame"
	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/common/sock"
)

const (
	// lingerTime is how long a client that was told of an error may go on
	// sending before the connection is closed. net/http waits as long.
	lingerTime = 500 * time.Millisecond
	// At shutdown a client that has sent nothing for drainQuiet is taken to
	// have sent all. One that never pauses is served for drainBusy, and until
	// it was read drainReads times, however slow this machine is: in so many
	// reads fits what the kernel's buffers can hold of what it had sent
	// before. Then it gets a FIN, and drainLinger to notice it.
	drainQuiet  = 20 * time.Millisecond
	drainBusy   = 500 * time.Millisecond
	drainReads  = 512
	drainLinger = 50 * time.Millisecond
	// lookAgain is the least time between two looks whether others wait.
	lookAgain = 10 * time.Millisecond
	// maxRefused is how many refused clients are being told so at a time;
	// more are closed without a word.
	maxRefused = 16
)

// Timer is what a Conn needs of its socket besides Read and Write.
type Timer interface {
	// Wake asks that Expire be called when the lane's clock reaches at, or
	// soon after, or that a read end with os.ErrDeadlineExceeded. It replaces
	// what was asked before.
	Wake(at time.Duration)
	// Interrupt asks that CatchUp or Expire be called as soon as possible. It
	// may be called from other goroutines, unless these are loops.
	Interrupt()
	// CloseWrite sends a FIN.
	CloseWrite() error
}

// Conn is what a server keeps for a connection besides its socket: the
// session, the clocks that limit it, and the reason why it ends. A model moves
// bytes between Conn and socket for as long as Wants asks for it; the rules
// are here. It is for one goroutine at a time.
type Conn struct {
	session.Session
	lane  *Lane
	timer Timer

	moved time.Duration // when a byte last went in or out
	wrote time.Duration // when output was last sent, or began to wait
	begun time.Duration // when the incomplete frame began to arrive
	until time.Duration // when the turn, the drain or the end is over
	wake  time.Duration // when Expire will be called at the latest, or unasked

	held     atomic.Int64  // as the lane's holders know, in bytes; 0: not worth noting; negative: see released
	progress time.Duration // when a holder last made progress
	stirred  int32         // bytes that have moved since, in or out; of others it means nothing
	rank     int32         // among the lane's holders

	frame   uint32 // the incomplete frame's number, counted from 1 as Answered counts; 0: there is none
	phase   Phase  // of the host, as far as this connection knows
	more    bool   // the last read filled the buffer
	direct  bool   // Buffer returned the session's room
	reason  Reason
	ended   bool // reason is set
	refused bool
	reads   uint16 // since the server is draining
	closing bool   // until is when to close, whatever the peer does
	fin     bool   // sent
}

// Open makes c the connection of a client that was accepted. refusal is what
// Host.Admit returned; if it is not empty, the client is refused with it.
func (l *Lane) Open(c *Conn, timer Timer, refusal string) {
	h := l.host
	now := h.Since() // not the turn's time: it has not been silent since then
	*c = Conn{Session: session.New(&h.session), lane: l, timer: timer, moved: now, wrote: now, until: never, wake: unasked}
	if l.Others != nil {
		c.until = now + h.Limits.TurnLimit
	}
	h.accepted.Add(1)
	h.active.Add(1)
	if refusal != "" {
		c.refused = true
		c.end(ClosedRefused, errors.New(refusal))
		if h.refused.Add(1) <= maxRefused {
			c.Refuse(told(refusal))
		} else {
			c.Abort(session.ErrRefused)
		}
	}
	c.settle(now, 0)
}

// Buffer returns where to read the next bytes to, for Fed: behind the part of a
// long frame that is there, or to the lane's buffer.
func (c *Conn) Buffer() []byte {
	room := c.Room()
	if c.direct = room != nil; c.direct {
		return room
	}
	return c.lane.Buffer()
}

// Fed takes what reading into Buffer returned. io.EOF ends the client's
// requests; sock.ErrWouldBlock and os.ErrDeadlineExceeded mean that nothing
// came; any other error breaks the connection.
func (c *Conn) Fed(n int, err error) {
	buf := c.lane.Buffer()
	if c.direct {
		buf = c.Room()
	}
	c.FedFrom(buf, n, err)
}

// FedFrom is Fed for a buffer of the caller's.
func (c *Conn) FedFrom(buf []byte, n int, err error) {
	c.more = n == len(buf)
	answered, quiet, paused := c.Answered(), len(c.Output()) == 0, c.Paused()
	if n > 0 {
		c.Feed(buf[:n])
	}
	// Only now can it be listened to again: its silence begins here, not
	// before what may have been much work.
	now := c.lane.Now()
	if n > 0 {
		c.moved = now
		c.stirred += int32(n)
		if c.phase == Draining && c.reads < drainReads {
			c.reads++
		}
		c.lane.count.bytesIn.Add(int64(n))
		c.lane.count.requests.Add(int64(c.Answered() - answered))
		if quiet {
			c.wrote = now
		}
		if c.Paused() && !paused {
			c.lane.host.pauses.Add(1)
		}
	}
	if err == io.EOF {
		c.FeedEOF()
	} else {
		c.failed(err)
	}
	c.settle(now, c.heard())
}

// Writing notes that Output is about to be written by a call that may wait for the
// client. While it waits the memory counts as the client's. After it Wants may be 0.
func (c *Conn) Writing() {
	if _, out := c.Held(); int64(out) > c.lane.host.share {
		c.settle(c.lane.Now(), offered)
	}
}

// Wrote takes what writing Output returned, errors as in Fed.
func (c *Conn) Wrote(n int, err error) {
	now := c.lane.Now()
	if n > 0 {
		c.moved, c.wrote = now, now
		c.stirred += int32(n)
		answered := c.Answered()
		c.Sent(n)
		c.lane.count.bytesOut.Add(int64(n))
		if more := c.Answered() - answered; more > 0 {
			c.lane.count.requests.Add(int64(more))
		}
	}
	c.failed(err)
	c.settle(now, tried)
}

// Drained notes that a read found nothing. A loop that calls Fed after each
// read need not call it.
func (c *Conn) Drained() { c.more = false }

// Expire judges the connection by its clocks, as of a time by which everything
// was read that had come, and written for which there was room. A loop passes
// the time before it asked who is ready: it may have been stopped since, and
// who was in time then is not late.
func (c *Conn) Expire(asOf time.Duration) {
	c.wake = unasked
	c.settle(asOf, c.heard()|tried)
}

// CatchUp follows the server into its present phase, or notices that the
// connection was chosen to be closed.
func (c *Conn) CatchUp() { c.settle(c.lane.Now(), 0) }

// Behind reports whether something has happened elsewhere that concerns the
// connection since it was last looked at: time for CatchUp.
func (c *Conn) Behind() bool {
	return c.lane.host.Phase() != c.phase || c.held.Load() < 0 && c.Wants() != 0
}

// Closed gives back what the connection held, when its socket is closed.
func (c *Conn) Closed() {
	c.settleReason()
	if c.Wants() != 0 { // the server cannot go on
		c.end(ClosedKilled, nil)
	}
	c.end(ClosedByPeer, nil)
	c.Release()
	c.lane.holders.remove(c)
	h := c.lane.host
	if c.refused {
		h.refused.Add(-1)
	} else {
		h.places.Add(-1)
	}
	h.closed[c.reason].Add(1)
	h.active.Add(-1)
}

func (c *Conn) failed(err error) {
	switch {
	case err == nil, err == sock.ErrWouldBlock:
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.wake = unasked // it has come
	default:
		c.drop(err)
	}
}

// drop ends the connection because a call on its socket has failed.
func (c *Conn) drop(err error) {
	reason := ClosedBroken
	if sock.Fault(err) {
		reason = ClosedFailed
	}
	c.end(reason, err)
	c.Abort(err)
}

// end sets the reason for which the connection ends, and tells the log.
func (c *Conn) end(r Reason, err error) {
	if !c.ended {
		c.ended, c.reason = true, r
		c.lane.host.notice(r, err, c.lane.Now())
	}
}

// settle draws the consequences of what happened, and sees to it that the
// connection is looked at again in time. By a clock for which nobody has
// looked it is not judged yet.
func (c *Conn) settle(now time.Duration, l looked) {
	if c.phase != c.lane.host.Phase() {
		c.stop(now)
	}
	if c.account(now, l); c.held.Load() < 0 {
		c.Abort(session.ErrMemory)
	}
	for c.Wants() != 0 {
		if !c.Partial() {
			c.frame = 0
		} else if next := max(1, uint32(c.Answered()+1)); c.frame != next {
			c.frame, c.begun = next, now
		}
		if c.Lingering() && !c.fin {
			c.linger(now)
		}
		if c.undisturbed(now) {
			break
		}
		at, clock := c.due()
		if clock == clockDrain && now >= at && l&heard == 0 && len(c.Output()) > 0 {
			// Who is written to may not be heard for long, if calls block.
			c.until = now + drainQuiet
			continue
		}
		if now < at || clock.needs()&^l != 0 {
			if at = max(at, now+1); at < c.wake {
				c.wake = at
				c.timer.Wake(at)
			}
			break
		}
		c.expire(clock, now)
	}
	if c.Err() != nil {
		c.settleReason()
	}
}

// finish ends the connection after what was received, but not after until.
func (c *Conn) finish(r Reason, until time.Duration) {
	c.end(r, nil)
	c.until, c.closing = until, true
	c.Finish()
}

// linger begins the session's last state: the client has all its replies and
// gets a FIN.
func (c *Conn) linger(now time.Duration) {
	patience := lingerTime
	if c.reason == ClosedShutdown || c.reason == ClosedTurn {
		patience = drainLinger
	}
	c.until, c.closing, c.fin = now+patience, true, true
	if err := c.timer.CloseWrite(); err != nil {
		c.drop(err)
	}
}

// stop follows the server into its next phase.
func (c *Conn) stop(now time.Duration) {
	c.phase = c.lane.host.Phase()
	switch c.phase {
	case Draining:
		if !c.closing {
			c.until = now + drainBusy
			c.moved = now // that it was silent until now means nothing
		}
	case Closing:
		if c.reason == ClosedShutdown {
			c.ended = false // it was not served to the end
		}
		c.end(ClosedKilled, nil)
		c.Abort(nil)
	}
}

// settleReason derives the reason from the session's error.
func (c *Conn) settleReason() {
	err := c.Err()
	if err == nil || c.ended {
		return
	}
	reason := ClosedProtocol
	var panicked *session.PanicError
	switch {
	case errors.As(err, &panicked):
		reason = ClosedPanic
	case errors.Is(err, session.ErrTruncated):
		reason = ClosedTruncated
	case errors.Is(err, session.ErrMemory):
		reason = ClosedMemory
	case errors.Is(err, frame.ErrTooLong):
		reason = ClosedTooLong
	}
	c.end(reason, err)
}
