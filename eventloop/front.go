package eventloop

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/ioflavors/ioflavors/common/kvserver"
	"github.com/ioflavors/ioflavors/common/nonblocking"
	"github.com/ioflavors/ioflavors/common/sock"
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

// mailbox is how other goroutines reach a loop.
type mailbox struct {
	poller *poller.Poller
	front  *front // is told of closed connections, for which it may be waiting

	full         atomic.Bool // something has come; spares the loop the lock
	mu           sync.Mutex
	clients      []int // descriptors
	phaseChanged bool
	closed       bool
}

// post hands over a client, unless the loop has ended.
func (m *mailbox) post(fd int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return false
	}
	m.clients = append(m.clients, fd)
	m.full.Store(true)
	m.poller.Wake()
	return true
}

// wake makes the loop look at the server's phase.
func (m *mailbox) wake() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.phaseChanged = true
	m.full.Store(true)
	m.poller.Wake()
}

// open returns what has come since the last time.
func (m *mailbox) open() (clients []int, phaseChanged bool) {
	if !m.full.Load() {
		return nil, false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	clients, phaseChanged = m.clients, m.phaseChanged
	m.clients, m.phaseChanged = nil, false
	m.full.Store(false)
	return clients, phaseChanged
}

// close takes no more clients, if none is left.
func (m *mailbox) close() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = len(m.clients) == 0
	return m.closed
}

// freed tells the front, which may be on another goroutine, that a connection
// was closed.
func (m *mailbox) freed() {
	if m.front.Freed() {
		m.front.own.poller.Wake()
	}
}

// closeAll ends whatever the loop still has.
func (l *loop) closeAll() {
	if l.front != nil {
		_ = l.front.Close()
		l.front = nil
	}
	for !l.mail.close() {
		clients, _ := l.mail.open()
		for _, fd := range clients {
			_ = sock.Close(fd)
		}
	}
	for _, c := range l.conns {
		if c != nil {
			l.ended = append(l.ended, c)
		}
	}
	l.closeEnded()
	_ = l.poller.Close()
}
