package server

import (
	"errors"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/common/sock"
)

const (
	// lingerTime is how long a client may go on sending after it was told of an error,
	// before the connection is closed. net/http waits as long.
	lingerTime = 500 * time.Millisecond
	// At shutdown a client that has sent nothing for drainQuiet is taken to have sent
	// everything. A client that never pauses is served for drainBusy, and until it was
	// read drainReads times, however slow this machine is. That many reads cover all
	// data sent before the shutdown that the kernel's buffers can hold. Then the client
	// gets a FIN, and drainLinger to notice it.
	drainQuiet  = 20 * time.Millisecond
	drainBusy   = 500 * time.Millisecond
	drainReads  = 512
	drainLinger = 50 * time.Millisecond
	// lookAgain is the least time between two checks whether other clients wait.
	lookAgain = 10 * time.Millisecond
	// maxRefused is the number of refusals in progress at a time. Meanwhile further
	// clients are closed silently.
	maxRefused = 16
)

// Transport is what a Conn needs of its socket besides reading and writing.
type Transport interface {
	// SetTimer asks for a call of HandleTimeout when the lane's clock reaches at, or
	// soon after; or for a read to end with os.ErrDeadlineExceeded then. It replaces
	// the time asked for before.
	SetTimer(at time.Duration)
	// Interrupt asks for a call of HandlePhase or HandleTimeout as soon as possible. If
	// the model has no loops, any goroutine may call it.
	Interrupt()
	// CloseWrite sends a FIN.
	CloseWrite() error
}

// Conn is the server's state of a connection besides its socket: the session, the
// clocks that limit it, and the reason why it ends. A model moves bytes between Conn
// and socket as long as Wants asks for it; all rules are here. A Conn is for one
// goroutine at a time.
type Conn struct {
	session.Session
	lane      *Lane
	transport Transport

	moved time.Duration // when a byte last moved, in or out
	wrote time.Duration // when output was last sent, or began to wait
	begun time.Duration // when the incomplete frame began to arrive
	until time.Duration // end of the turn, the drain or the close; never if none runs
	timer time.Duration // the last argument of SetTimer; noTimer once that time has passed

	held     atomic.Int64  // bytes that count for it as a holder; 0: no holder; negative: see released
	progress time.Duration // when a holder last made progress
	stirred  int32         // bytes moved since then, in or out; only meaningful for holders
	rank     int32         // index in the heap of the lane's holders

	frame   uint32 // the incomplete frame's number, counted from 1 as Answered counts; 0: none
	phase   Phase  // of the server, as this connection last saw it
	more    bool   // the last read filled the buffer
	direct  bool   // Buffer returned the session's ReadBuffer
	reason  Reason
	ended   bool // reason is set
	refused bool
	reads   uint16 // since the server began to drain
	closing bool   // until is when to close, whatever the peer does
	fin     bool   // the FIN is sent
}

// Open makes c the connection of a client that was accepted. refusal is the result of
// Core.Admit; if it is not empty, the client is refused with it.
func (l *Lane) Open(c *Conn, transport Transport, refusal string) {
	core := l.core
	now := core.Since() // not the time of the loop's iteration: the client's silence begins now
	*c = Conn{Session: session.New(&core.session), lane: l, transport: transport, moved: now, wrote: now, until: never, timer: noTimer}
	if l.Others != nil {
		c.until = now + core.Limits.TurnLimit
	}
	core.accepted.Add(1)
	core.active.Add(1)
	if refusal != "" {
		c.refused = true
		c.end(ClosedRefused, errors.New(refusal))
		if core.refused.Add(1) <= maxRefused {
			c.Refuse(told(refusal))
		} else {
			c.Abort(session.ErrRefused)
		}
	}
	c.settle(now, 0)
}

// Buffer returns where to read the next bytes to, for HandleRead: the session's
// ReadBuffer if a long frame is incomplete, the lane's buffer otherwise.
func (c *Conn) Buffer() []byte {
	buf := c.ReadBuffer()
	if c.direct = buf != nil; c.direct {
		return buf
	}
	return c.lane.Buffer()
}

// HandleRead takes the result of a read into Buffer. io.EOF ends the client's requests;
// sock.ErrWouldBlock and os.ErrDeadlineExceeded mean that the read found nothing; any
// other error breaks the connection.
func (c *Conn) HandleRead(n int, err error) {
	buf := c.lane.Buffer()
	if c.direct {
		if buf = c.ReadBuffer(); n > len(buf) {
			n = 0 // the handler's Need has changed its mind, so the bytes are lost
			c.Abort(&session.PanicError{Value: "Need returned another length for the same bytes"})
		}
	}
	c.HandleReadFrom(buf, n, err)
}

// HandleReadFrom is HandleRead for a buffer that the caller chose.
func (c *Conn) HandleReadFrom(buf []byte, n int, err error) {
	c.more = n == len(buf)
	answered, quiet, paused := c.Answered(), len(c.Output()) == 0, c.Paused()
	if n > 0 {
		c.Feed(buf[:n])
	}
	// The client's silence begins now, not before Feed, whose work may have taken long:
	// only now can the client be read again.
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
			c.lane.core.pauses.Add(1)
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
// client. While it waits, the memory counts as the client's. Wants may be 0 afterwards.
func (c *Conn) Writing() {
	if _, out := c.Held(); int64(out) > c.lane.core.share {
		c.settle(c.lane.Now(), offered)
	}
}

// HandleWrite takes the result of writing Output; errors are as in HandleRead.
func (c *Conn) HandleWrite(n int, err error) {
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

// Drained notes that a read found nothing. A loop that calls HandleRead after each read
// need not call it.
func (c *Conn) Drained() { c.more = false }

// HandleTimeout checks the connection's clocks as of timerCutoff. By then the server
// must have read everything that had arrived and written everything for which there was
// room. A loop passes the time before it asked for ready clients. If the process was
// stopped since then, clients that were punctual are not judged late.
func (c *Conn) HandleTimeout(timerCutoff time.Duration) {
	c.timer = noTimer
	c.settle(timerCutoff, c.heard()|tried)
}

// HandlePhase follows the server into its present phase, or notices that the connection
// was chosen to be closed for its memory.
func (c *Conn) HandlePhase() { c.settle(c.lane.Now(), 0) }

// Behind reports whether an event elsewhere concerns the connection since it was last
// checked. HandlePhase is due then.
func (c *Conn) Behind() bool {
	return c.lane.core.Phase() != c.phase || c.held.Load() < 0 && c.Wants() != 0
}

// Closed returns the connection's resources after its socket was closed.
func (c *Conn) Closed() {
	c.settleReason()
	if c.Wants() != 0 { // the server cannot go on
		c.end(ClosedKilled, nil)
	}
	c.end(ClosedByPeer, nil)
	c.Release()
	c.lane.holders.remove(c)
	core := c.lane.core
	if c.refused {
		core.refused.Add(-1)
	} else {
		core.places.Add(-1)
	}
	core.closed[c.reason].Add(1)
	core.active.Add(-1)
}

func (c *Conn) failed(err error) {
	switch {
	case err == nil, err == sock.ErrWouldBlock:
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.timer = noTimer // the deadline has passed
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
		c.lane.core.notice(r, err)
	}
}

// settle acts on the events so far, and arranges the next check of the connection in
// time. A clock that ran out decides only if l has what the clock needs.
func (c *Conn) settle(now time.Duration, l looked) {
	if c.phase != c.lane.core.Phase() {
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
			// If calls block, a connection that is writing may stay unread for long.
			c.until = now + drainQuiet
			continue
		}
		if now < at || clock.needs()&^l != 0 {
			if at = max(at, now+1); at < c.timer {
				c.timer = at
				c.transport.SetTimer(at)
			}
			break
		}
		c.expire(clock, now)
	}
	if c.Err() != nil {
		c.settleReason()
	}
}

// finish ends the connection after the requests received so far, at the latest at
// until.
func (c *Conn) finish(r Reason, until time.Duration) {
	c.end(r, nil)
	c.until, c.closing = until, true
	c.Finish()
}

// linger begins the session's last state: the client has all its replies and gets a
// FIN.
func (c *Conn) linger(now time.Duration) {
	patience := lingerTime
	if c.reason == ClosedShutdown || c.reason == ClosedTurn {
		patience = drainLinger
	}
	c.until, c.closing, c.fin = now+patience, true, true
	if err := c.transport.CloseWrite(); err != nil {
		c.drop(err)
	}
}

// stop follows the server into its next phase.
func (c *Conn) stop(now time.Duration) {
	c.phase = c.lane.core.Phase()
	switch c.phase {
	case Draining:
		if !c.closing {
			c.until = now + drainBusy
			c.moved = now // silence before the drain means nothing
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
	case err == session.Done:
		reason, err = ClosedDone, nil
	case errors.As(err, &panicked):
		reason = ClosedPanic
	case errors.Is(err, session.ErrTruncated):
		reason = ClosedTruncated
	case errors.Is(err, session.ErrMemory):
		reason = ClosedMemory
	case errors.Is(err, session.ErrTooLong):
		reason = ClosedTooLong
	}
	c.end(reason, err)
}
