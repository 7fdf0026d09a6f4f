package eventloop

import (
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
	own    *loop
	loops  []*loop
	next   int  // of the loops, where there is a choice
	silent bool // accepting pauses, and the poller does not watch the listener
}

func (f *front) accept(now time.Duration) {
	for range nonblocking.AcceptsPerTurn {
		fd, ok := f.Accept(now)
		if !ok {
			break
		}
		f.give(fd)
	}
	if _, paused := f.Paused(now); paused && !f.silent {
		// The clients in the queue would make every Wait return at once.
		f.silent = f.own.poller.Modify(f.FD, 0) == nil
	}
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
	f.own.add(fd)
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

// resume accepts again when the pause is over.
func (f *front) resume(now time.Duration) {
	if _, paused := f.Paused(now); f.silent && !paused {
		f.silent = f.own.poller.Modify(f.FD, poller.Readable) != nil
	}
}

// close stops accepting. At Shutdown the clients in the listen queue count as
// received, and are served.
func (f *front) close() {
	f.own.front = nil
	if f.own.host.Phase() == kvserver.Draining {
		for fd, ok := f.Accept(f.own.lane.Now()); ok; fd, ok = f.Accept(f.own.lane.Now()) {
			f.give(fd)
		}
	}
	_ = f.Close()
}
