package eventloop

import (
	"sync"
	"sync/atomic"
)

// mailbox carries messages from other goroutines to a loop.
type mailbox struct {
	poller   watcher
	acceptor *acceptor // it may be waiting for a connection to close

	full         atomic.Bool // whether there is mail; saves the loop the lock
	mu           sync.Locker // a mutex; in a test it runs a function after Unlock
	clients      []int       // descriptors
	phaseChanged bool
	closed       bool
}

// post hands over a client. It reports false if the loop has ended.
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

// open takes the mail out.
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

// close closes the mailbox if no client is in it, and reports whether it did.
func (m *mailbox) close() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = len(m.clients) == 0
	return m.closed
}

// freed wakes the acceptor, perhaps on another goroutine, because a closed
// connection ends a pause or frees a place for a held client.
func (m *mailbox) freed() {
	if m.acceptor.Freed() || m.acceptor.holding.Load() {
		m.acceptor.own.poller.Wake()
	}
}

// heard tells the acceptor that the loop has looked at all its connections.
func (m *mailbox) heard() {
	if m.acceptor.holding.Load() {
		m.acceptor.own.poller.Wake()
	}
}
