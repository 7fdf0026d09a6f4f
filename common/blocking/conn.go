// Package blocking is the shared code of the models whose calls block. It joins
// the rules of package server to sockets with deadlines. The models decide which
// goroutine waits for which client.
package blocking

import (
	"errors"
	"net"
	"sync"
	"time"

	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/common/sock"
)

// Sizes of read buffers, in bytes. A connection has a small one until its client
// fills it.
const (
	smallRead = 4 << 10
	largeRead = 64 << 10
)

// Stream is a socket whose calls block. A net.Conn is one.
type Stream interface {
	Read(p []byte) (int, error)
	Write(p []byte) (int, error)
	SetDeadline(t time.Time) error
	Close() error
}

// Interrupter is a Stream whose blocked calls a deadline in the past does not
// interrupt.
type Interrupter interface {
	// Interrupt makes a blocked call return os.ErrDeadlineExceeded.
	Interrupt()
}

// Descriptor is a Stream that the runtime's poller does not watch.
type Descriptor interface {
	// Descriptor returns the socket's descriptor, until Close.
	Descriptor() int
}

// past is a deadline that makes a blocked call return.
var past = time.Unix(1, 0)

// Conns are a server's connections.
type Conns struct {
	core *server.Core

	mu      sync.Mutex
	open    map[*Conn]struct{}
	closing int // connections that are not in open any more, but still have their places
	lane    int
	freed   chan struct{} // receives a value when a connection is closed
}

// NewConns returns an empty set.
func NewConns(core *server.Core) *Conns {
	return &Conns{core: core, open: make(map[*Conn]struct{}), freed: make(chan struct{}, 1)}
}

// Conn is a connection whose calls block.
type Conn struct {
	server.Conn
	conns  *Conns
	stream Stream
	parked parked // the stream, if Go's runtime waits for it
	buf    []byte // to read into; nil: none at present
	lent   bool   // the server's pool has lent buf; otherwise buf is the session's ReadBuffer
	size   int    // of the next buffer to borrow, in bytes
}

// Open makes the connection of an accepted client. It refuses the client if there
// is no place for it.
func (cs *Conns) Open(s Stream) *Conn {
	refusal, _ := cs.admit(s)
	return cs.OpenAdmitted(s, refusal)
}

// OpenAdmitted is Open for a client that Acceptor.Admit has judged already; refusal is
// Admit's result.
func (cs *Conns) OpenAdmitted(s Stream, refusal string) *Conn {
	c := &Conn{conns: cs, stream: s, size: smallRead}
	c.parked = park(s)
	cs.mu.Lock()
	cs.open[c] = struct{}{}
	cs.lane++
	lane := cs.core.Lane(cs.lane)
	cs.mu.Unlock()

	lane.Open(&c.Conn, c, refusal)
	return c
}

// Close ends a connection.
func (cs *Conns) Close(c *Conn) {
	key, _ := cs.peer(c.stream)
	// Leave the set before the descriptor is closed. Otherwise interrupting this
	// connection could interrupt the next one that gets its descriptor.
	cs.mu.Lock()
	delete(cs.open, c)
	cs.closing++
	if key != nil {
		// Under the lock, so that admit either counts c as leaving or does not
		// count it at all.
		cs.core.LeavePeer(key)
	}
	cs.mu.Unlock()

	_ = c.stream.Close()
	c.giveBack()
	c.Closed()
	cs.mu.Lock()
	cs.closing--
	cs.mu.Unlock()
	select {
	case cs.freed <- struct{}{}:
	default:
	}
}

// leaving asks the system how many clients have ended their streams while their
// connections are still open here: their goroutines have not read the end yet, or
// still have replies to write. It counts only clients for which of returns true. The
// caller holds the lock.
func (cs *Conns) leaving(of func(Stream) bool) int {
	fds := make([]int, 0, len(cs.open))
	for c := range cs.open {
		if !of(c.stream) {
			continue
		}
		if s, ok := c.stream.(Descriptor); ok {
			fds = append(fds, s.Descriptor())
		} else if c.parked.raw != nil {
			fds = append(fds, c.parked.fd)
		}
	}
	return sock.HungUp(fds)
}

// leavingOrClosing returns how many places will soon be free: those of clients that have
// ended their streams, and of connections that are being closed.
func (cs *Conns) leavingOrClosing() int {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	return cs.leaving(anyStream) + cs.closing
}

// Wake interrupts every connection's blocked call, so that it looks at the
// server's phase.
func (cs *Conns) Wake() {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	for c := range cs.open {
		c.interrupt()
	}
}

func (c *Conn) core() *server.Core { return c.conns.core }

func (c *Conn) interrupt() {
	if s, ok := c.stream.(Interrupter); ok {
		s.Interrupt()
		return
	}
	_ = c.stream.SetDeadline(past)
}

// Buffer returns the buffer to read into. It is empty if there is no memory for it;
// then the connection has ended.
func (c *Conn) Buffer() []byte {
	c.borrow()
	return c.buf
}

// Read reads from the stream. It blocks until the client sends bytes, unless Ready has
// waited for them. Then sock.ErrWouldBlock means that there are none.
func (c *Conn) Read(p []byte) (n int, err error) {
	if len(p) == 0 {
		return 0, sock.ErrWouldBlock
	}
	if c.parked.raw == nil {
		return c.stream.Read(p)
	}
	n, more, err := sock.ReadMore(c.parked.fd, p)
	c.parked.last, c.parked.empty = !more, err == sock.ErrWouldBlock
	return n, err
}

// Write writes to the stream. It blocks until the client takes a part of p.
func (c *Conn) Write(p []byte) (n int, err error) {
	if c.parked.raw != nil {
		if n, err = sock.System.Write(c.parked.fd, p); err != sock.ErrWouldBlock {
			c.parked.empty = c.parked.last && err == nil
			return n, err
		}
	}
	if c.Writing(); c.Wants() == 0 {
		return 0, nil // the memory for p was needed elsewhere
	}
	return c.stream.Write(p)
}

// HandleRead takes the result of reading into Buffer.
func (c *Conn) HandleRead(n int, err error) {
	if late(n, err) {
		n, err = tryOnce(c.stream, Trier.TryRead, sock.System.Read, c.buf)
	}
	c.HandleReadFrom(c.buf, n, err)
	switch {
	case n == len(c.buf):
		c.size = largeRead
	case n < smallRead:
		c.size = smallRead
	}
	if len(c.buf) != c.size || !c.lent || c.parked.raw != nil {
		c.giveBack()
	}
}

// HandleWrite takes the result of writing Output.
func (c *Conn) HandleWrite(n int, err error) {
	if late(n, err) {
		n, err = tryOnce(c.stream, Trier.TryWrite, sock.System.Write, c.Output())
	}
	c.Conn.HandleWrite(n, err)
}

// borrow gets a buffer to read into, unless there is one. If there is no memory for
// it, borrow ends the connection and returns false.
func (c *Conn) borrow() bool {
	if buf := c.ReadBuffer(); buf != nil {
		c.giveBack()
		c.buf, c.lent = buf, false
		return true
	}
	if c.buf != nil {
		return true
	}
	b := c.core().Buffers().Get(c.size)
	if b == nil {
		c.Abort(session.ErrMemory)
		return false
	}
	c.buf, c.lent = b[:c.size], true
	return true
}

func (c *Conn) giveBack() {
	if c.buf != nil && c.lent {
		c.core().Buffers().Put(c.buf)
	}
	c.buf = nil
}

// SetTimer implements server.Transport. It sets the stream's deadline.
func (c *Conn) SetTimer(at time.Duration) {
	_ = c.stream.SetDeadline(c.core().At(at))
	// If the connection was interrupted before this, the new deadline has undone
	// it: interrupt again.
	if c.Behind() {
		c.interrupt()
	}
}

// Interrupt implements server.Transport.
func (c *Conn) Interrupt() {
	c.conns.mu.Lock()
	defer c.conns.mu.Unlock()
	if _, open := c.conns.open[c]; open { // otherwise another client may have its descriptor
		c.interrupt()
	}
}

// CloseWrite implements server.Transport.
func (c *Conn) CloseWrite() error {
	if s, ok := c.stream.(interface{ CloseWrite() error }); ok {
		return s.CloseWrite()
	}
	return errors.ErrUnsupported // the connection is closed without a FIN first
}

var _ Stream = net.Conn(nil)
