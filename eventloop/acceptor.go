package eventloop

import (
	"sync/atomic"
	"time"

	"github.com/ioflavors/ioflavors/common/nonblocking"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/session"
)

// acceptor accepts clients in one loop, and assigns each client to the loop with
// the fewest clients. (With SO_REUSEPORT and a listening socket for each loop the
// kernel would spread clients by a hash, which is uneven for few clients.)
type acceptor struct {
	*nonblocking.Acceptor
	own     *loop
	loops   []*loop
	next    int         // the loop that least tries first
	called  bool        // the poller has reported clients in the listen queue
	silent  bool        // the poller does not watch the listener
	closed  bool        // the listener is closed
	holding atomic.Bool // clients are held until all loops have looked
	told    int64       // number of the last held client that other loops were told of
}

// accept accepts the clients in the listen queue. While clients are held, it accepts
// no others.
func (a *acceptor) accept(now time.Duration) {
	if a.Holding() {
		a.Judge(a.heard(), a.open)
	}
	if a.called && !a.closed && !a.Holding() {
		for range nonblocking.AcceptsPerIteration {
			fd, ok := a.Accept(now)
			if !ok {
				break
			}
			a.Admit(fd, a.open)
		}
	}
	a.called = false
	a.hold()
	a.listen(now)
	if a.closed && !a.Holding() {
		a.own.acceptor = nil
	}
}

// hold tells the other loops of newly held clients: it wakes them, and they look at
// all their connections.
func (a *acceptor) hold() {
	holding := a.Holding()
	if holding != a.holding.Load() {
		a.holding.Store(holding)
	}
	if number := a.Held(); holding && number != a.told {
		a.told = number
		for _, l := range a.loops[1:] {
			l.poller.Wake()
		}
	}
}

// heard returns the number up to which held clients may be judged: that of the last
// client for which every loop has looked at its connections.
func (a *acceptor) heard() int64 {
	number := a.Held()
	for _, l := range a.loops {
		number = min(number, l.heard.Load())
	}
	return number
}

// listen has the poller watch the listener, except while nothing can be accepted.
// Then clients in the listen queue would only make every Wait return at once.
func (a *acceptor) listen(now time.Duration) {
	_, paused := a.Paused(now)
	if silent := paused || a.Holding() && a.looked(); silent != a.silent && !a.closed {
		var want session.Interest
		if !silent {
			want = session.Read
		}
		if a.own.poller.Modify(a.FD, want) == nil {
			a.silent = silent
		}
	}
}

// looked reports whether the acceptor's own loop has looked at all its connections
// since the last client was held. Other loops wake that loop after their look.
func (a *acceptor) looked() bool { return a.own.heard.Load() == a.Held() }

// due returns when the acceptor must act without an event, if it must.
func (a *acceptor) due(now time.Duration) (at time.Duration, ok bool) {
	until, paused := a.Paused(now)
	switch {
	case a.Holding():
		return 0, false
	case paused:
		return until, true
	default:
		return now, a.silent
	}
}

// open has a loop serve a client. The acceptor's own loop serves a refused one.
func (a *acceptor) open(fd int, refusal string) {
	if refusal != "" {
		a.own.assigned.Add(1)
		a.own.add(fd, refusal)
		return
	}
	a.give(fd)
}

// give assigns a client to the loop with the fewest clients, or to the acceptor's
// own loop if that one has ended.
func (a *acceptor) give(fd int) {
	to := a.least()
	if to != a.own {
		to.assigned.Add(1)
		if to.mail.post(fd) {
			return
		}
		to.assigned.Add(-1) // it has ended
	}
	a.own.assigned.Add(1)
	a.own.add(fd, "")
}

// least returns the loop with the fewest clients. Loops with equally few take
// turns.
func (a *acceptor) least() *loop {
	best := a.next
	for i := range a.loops {
		at := (a.next + i) % len(a.loops)
		if a.loops[at].assigned.Load() < a.loops[best].assigned.Load() {
			best = at
		}
	}
	a.next = (best + 1) % len(a.loops)
	return a.loops[best]
}

// close stops accepting. A draining server first accepts the clients in the listen
// queue, because their requests count as received.
func (a *acceptor) close() {
	if a.closed {
		return
	}
	a.closed = true
	for a.own.core.Phase() == server.Draining {
		fd, ok := a.Accept(a.own.lane.Now())
		if !ok {
			break
		}
		a.Admit(fd, a.open)
	}
	_ = a.Close()
}
