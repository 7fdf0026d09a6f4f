package eventloop

import (
	"sync/atomic"
	"time"

	"github.com/ioflavors/ioflavors/common/kvserver"
	"github.com/ioflavors/ioflavors/common/nonblocking"
	"github.com/ioflavors/ioflavors/eventloop/poller"
)

// front accepts clients in one loop, and gives each to the loop that has the
// fewest. (A listening socket for each loop, with SO_REUSEPORT, would let the
// kernel spread them by a hash, which is uneven when clients are few.)
type front struct {
	*nonblocking.Acceptor
	own     *loop
	loops   []*loop
	next    int         // of the loops, where there is a choice
	called  bool        // the poller says that clients wait in the listen queue
	silent  bool        // it does not watch the listener
	closed  bool        // the listener is
	holding atomic.Bool // clients are held, until all loops have been heard
	told    int64       // the number of the last one that the other loops know of
}

// accept accepts the clients that wait in the listen queue. While clients are held it
// accepts no others.
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

// hold has the other loops look at all their connections, if clients are held of whom
// they have not been told.
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

// heard returns up to which number the clients that are held may be judged.
func (f *front) heard() int64 {
	number := f.Held()
	for _, l := range f.loops {
		number = min(number, l.heard.Load())
	}
	return number
}

// listen has the poller watch the listener, unless that is no use: the clients in
// the queue would make every Wait return at once.
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

// looked reports whether its own loop has looked at all its connections since the
// last client was held. Other loops that have not will wake it when they have.
func (f *front) looked() bool { return f.own.heard.Load() == f.Held() }

// due returns when the front has something to do without an event, if it has.
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

// open has a loop serve a client; its own one refuses them.
func (f *front) open(fd int, refusal string) {
	if refusal != "" {
		f.own.given.Add(1)
		f.own.add(fd, refusal)
		return
	}
	f.give(fd)
}

// give has a loop serve a client.
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

// least returns the loop with the fewest clients; where several have as few,
// they take turns.
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

// close stops accepting. At Shutdown the clients in the listen queue count as
// received, and are served.
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
