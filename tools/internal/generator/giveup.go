package generator

import (
	"errors"
	"fmt"
	"time"
)

var (
	errUnasked = errors.New("reply to no request")
	errClosed  = errors.New("closed by the server")
)

// timeoutError: a reply was late.
type timeoutError struct{ after time.Duration }

func (e timeoutError) Error() string { return fmt.Sprintf("no reply within %v", e.after) }

// expire gives up the connections whose reply is late at now. It first reads the
// replies that have arrived: after a stop the generator finds the timeout expired
// and the replies there at the same moment, and then the server was not late.
func (g *generator) expire(now time.Duration) {
	late := func(c *conn) bool {
		return c.count > 0 && !c.broken && !g.mayWait(c) && now-c.oldestSent() > g.cfg.ReplyTimeout
	}
	for i, c := range g.conns {
		if i%lookEvery == 0 {
			g.now()
		}
		for late(c) && g.receive(c) {
		}
		if late(c) {
			g.fail(c, &g.errors.TimedOut, timeoutError{g.cfg.ReplyTimeout})
		}
	}
}

// readAll reads all replies that have arrived. It is called when nothing is
// sent any more.
func (g *generator) readAll() {
	for _, c := range g.conns {
		for c.count > 0 && !c.broken && g.receive(c) {
		}
	}
}

// fail gives up a connection. Its descriptor stays open until the end, so
// that its number does not come to mean another connection. Once there are no
// more requests to make, a server may close a connection that has all its
// replies.
func (g *generator) fail(c *conn, counter *int64, err error) {
	c.broken = true
	g.open--
	now := g.now()
	g.tally(now)
	for i := range c.count {
		g.window.countLost(c.inFlight[(c.oldest+i)%len(c.inFlight)].due, now)
	}
	for _, due := range c.waiting.all() {
		g.window.countLost(due, now)
	}
	g.outstanding -= c.count + c.waiting.len()
	g.backlog -= c.waiting.len()
	// Otherwise the poller would report it for ever.
	if removed := g.poller.Remove(c.fd); removed != nil {
		g.errors.Note(removed)
	}
	if c.count == 0 && c.waiting.len() == 0 && g.phase >= draining {
		return
	}
	*counter++
	g.errors.Unanswered += int64(c.count)
	if c.count > 0 {
		err = fmt.Errorf("%s: %w", c.codec.Describe(c.inFlight[c.oldest].Request), err)
	}
	if c.count > 1 {
		err = fmt.Errorf("%w (%d requests in flight)", err, c.count)
	}
	g.errors.Note(err)
}

// unsent returns how many requests that were due in the window of an open loop
// were not sent until the run was over, or were neither answered nor counted as
// an error.
func (g *generator) unsent() int64 {
	if g.schedule == nil {
		return 0
	}
	n := g.window.unsent
	for _, c := range g.conns {
		for i := range c.count {
			if !c.broken && c.inFlight[(c.oldest+i)%len(c.inFlight)].due >= g.window.began {
				n++
			}
		}
		for c.waiting.len() > 0 {
			if c.waiting.pop() >= g.window.began {
				n++
			}
		}
	}
	return n
}
