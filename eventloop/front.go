package eventloop

import (
	"time"

	"github.com/ioflavors/ioflavors/common/kvserver"
	"github.com/ioflavors/ioflavors/common/nonblocking"
	"github.com/ioflavors/ioflavors/eventloop/poller"
)

// front accepts clients in one loop and spreads them over all, in a circle.
// (A listening socket for each loop, with SO_REUSEPORT, would let the kernel
// spread them by a hash, which is uneven when clients are few.)
type front struct {
	*nonblocking.Acceptor
	own    *loop
	loops  []*loop
	next   int
	silent bool // accepting pauses, and the poller does not watch the listener
}

func (f *front) accept(now time.Duration) {
	for range nonblocking.AcceptsPerTurn {
		fd, ok := f.Accept(now)
		if !ok {
			break
		}
		f.next = (f.next + 1) % len(f.loops)
		if to := f.loops[f.next]; to == f.own || !to.mail.post(fd) {
			f.own.add(fd)
		}
	}
	if _, paused := f.Paused(now); paused && !f.silent {
		// The clients in the queue would make every Wait return at once.
		f.silent = f.own.poller.Modify(f.FD, 0) == nil
	}
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
			f.own.add(fd)
		}
	}
	_ = f.Close()
}
