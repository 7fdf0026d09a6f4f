package eventloop

import (
	"sync/atomic"
	"time"

	"github.com/ioflavors/ioflavors/common/kvserver"
	"github.com/ioflavors/ioflavors/common/nonblocking"
	"github.com/ioflavors/ioflavors/eventloop/poller"
)

// front is the acceptor. It runs in one loop, and assigns each client to the loop
// with the fewest clients. (With SO_REUSEPORT and a listening socket for each loop
// the kernel would spread clients by a hash, which is uneven for few clients.)
type front struct {
	*nonblocking.Acceptor
	own     *loop
	loops   []*loop
	next    int         // the loop that least tries first
	called  bool        // the poller has reported clients in the listen queue
	silent  bool        // the poller does not watch the listener
	closed  bool        // the listener is closed
	holding atomic.Bool // clients are held until all loops have looked
	told    int64       // the last held client's number that other loops were told of
}

// accept accepts the clients in the listen queue. While clients are held, it accepts
// no others.
func (f *front) accept(now time.Duration) {
	if f.Holding() {
		f.Judge(f.heard(), f.open)
	}
	if f.called && !f.closed && !f.Holding() {
		for range nonblocking.AcceptsPerTurn {
			fd, ok := f.Accept(now)
			if !ok {
				break
			}
			f.Admit(fd, f.open)
		}
	}
	f.called = false
	f.hold()
	f.listen(now)
	if f.closed && !f.Holding() {
		f.own.front = nil
	}
}

// hold wakes the other loops if a client is held that they were not told of. They
// then look at all their connections.
func (f *front) hold() {
	holding := f.Holding()
	if holding != f.holding.Load() {
		f.holding.Store(holding)
	}
	if number := f.Held(); holding && number != f.told {
		f.told = number
		for _, l := range f.loops[1:] {
			l.poller.Wake()
		}
	}
}

// heard returns the number up to which held clients may be judged: that of the last
// client for which every loop has looked at its connections.
func (f *front) heard() int64 {
	number := f.Held()
	for _, l := range f.loops {
		number = min(number, l.heard.Load())
	}
	return number
}

// listen has the poller watch the listener, except while nothing can be accepted.
// Then clients in the listen queue would only make every Wait return at once.
func (f *front) listen(now time.Duration) {
	_, paused := f.Paused(now)
	if silent := paused || f.Holding() && f.looked(); silent != f.silent && !f.closed {
		var m poller.Mask
		if !silent {
			m = poller.Readable
		}
		if f.own.poller.Modify(f.FD, m) == nil {
			f.silent = silent
		}
	}
}

// looked reports whether the acceptor's own loop has looked at all its connections
// since the last client was held. Other loops wake that loop after their look.
func (f *front) looked() bool { return f.own.heard.Load() == f.Held() }

// due returns when the acceptor must act without an event, if it must.
func (f *front) due(now time.Duration) (at time.Duration, ok bool) {
	until, paused := f.Paused(now)
	switch {
	case f.Holding():
		return 0, false
	case paused:
		return until, true
	default:
		return now, f.silent
	}
}

// open has a loop serve a client. The acceptor's own loop serves a refused one.
func (f *front) open(fd int, refusal string) {
	if refusal != "" {
		f.own.given.Add(1)
		f.own.add(fd, refusal)
		return
	}
	f.give(fd)
}

// give assigns a client to the loop with the fewest clients, or to the acceptor's
// own loop if that one has ended.
func (f *front) give(fd int) {
	to := f.least()
	if to != f.own {
		to.given.Add(1)
		if to.mail.post(fd) {
			return
		}
		to.given.Add(-1) // it has ended
	}
	f.own.given.Add(1)
	f.own.add(fd, "")
}

// least returns the loop with the fewest clients. Loops with equally few take
// turns.
func (f *front) least() *loop {
	best := f.next
	for i := range f.loops {
		at := (f.next + i) % len(f.loops)
		if f.loops[at].given.Load() < f.loops[best].given.Load() {
			best = at
		}
	}
	f.next = (best + 1) % len(f.loops)
	return f.loops[best]
}

// close stops accepting. A draining server first accepts the clients in the listen
// queue, because their requests count as received.
func (f *front) close() {
	if f.closed {
		return
	}
	f.closed = true
	for f.own.host.Phase() == kvserver.Draining {
		fd, ok := f.Accept(f.own.lane.Now())
		if !ok {
			break
		}
		f.Admit(fd, f.open)
	}
	_ = f.Close()
}
