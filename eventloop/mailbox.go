package eventloop

import (
	"sync"
	"sync/atomic"
)

// mailbox is how other goroutines reach a loop.
type mailbox struct {
	poller watcher
	front  *front // is told of closed connections, for which it may be waiting

	full         atomic.Bool // something has come; spares the loop the lock
	mu           sync.Locker // a mutex, or a test's, which lets others come next
	clients      []int       // descriptors
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
	if m.front.Freed() || m.front.holding.Load() {
		m.front.own.poller.Wake()
	}
}

// heard tells the front that the loop has looked at all its connections.
func (m *mailbox) heard() {
	if m.front.holding.Load() {
		m.front.own.poller.Wake()
	}
}
