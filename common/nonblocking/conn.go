// Package nonblocking is the shared code of the models whose calls do not block:
// connections by descriptor, a heap for their timers, and an acceptor. It joins the
// rules of package server to package sock. The models decide how to find out
// which descriptors are ready.
package nonblocking

import (
	"container/heap"
	"time"

	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/sock"
)

// Conn is a connection whose calls do not block. Make it with Conns.Open.
type Conn struct {
	server.Conn
	conns *Conns
	at    time.Duration // when HandleTimeout must be called
	index int32         // in the heap of timers; -1: not in it
	fd    int32
}

// Conns are the connections that one goroutine serves, and their timers.
type Conns struct {
	lane   *server.Lane
	calls  sock.Calls
	timers timers
}

// NewConns returns an empty set, whose connections make their calls with calls. hint
// is the initial capacity of the heap of timers. The system adds pages only on first
// use, so one large list takes less memory than the lists that a growing one leaves
// behind.
func NewConns(lane *server.Lane, calls sock.Calls, hint int) *Conns {
	return &Conns{lane: lane, calls: calls, timers: make(timers, 0, hint)}
}

// Open makes c the connection of an accepted client, which is refused if refusal is
// not empty.
func (cs *Conns) Open(c *Conn, fd int, refusal string) {
	c.fd, c.conns, c.index = int32(fd), cs, -1
	cs.lane.Open(&c.Conn, c, refusal)
}

// Close closes a connection. From then on the system may reuse its descriptor.
func (cs *Conns) Close(c *Conn) {
	if c.index >= 0 {
		heap.Remove(&cs.timers, int(c.index))
	}
	if core := cs.lane.Core(); core.PerPeer() {
		core.LeavePeer(c.FD())
	}
	_ = cs.calls.Close(c.FD())
	c.Closed()
}

// Next returns when the next timer is due, by the lane's clock. ok is false if there
// is none.
func (cs *Conns) Next() (at time.Duration, ok bool) {
	if len(cs.timers) == 0 {
		return 0, false
	}
	return cs.timers[0].at, true
}

// Interrupted, as Expired's timerCutoff, selects only the interrupted connections,
// which must close. Every other timer is due later.
const Interrupted time.Duration = 0

// Expired takes a connection whose timer is due from the heap and judges it by its
// clocks (Conn.HandleTimeout). It returns nil when there is none. By timerCutoff,
// all bytes that had arrived must have been read.
func (cs *Conns) Expired(timerCutoff time.Duration) *Conn {
	if len(cs.timers) == 0 || cs.timers[0].at > timerCutoff {
		return nil
	}
	c := heap.Pop(&cs.timers).(*Conn)
	c.HandleTimeout(timerCutoff)
	return c
}

// FD returns the connection's descriptor.
func (c *Conn) FD() int { return int(c.fd) }

// Read reads from the socket. sock.ErrWouldBlock means that there are no bytes.
func (c *Conn) Read(p []byte) (int, error) {
	n, err := c.conns.calls.Read(c.FD(), p)
	if err == sock.ErrWouldBlock {
		c.Drained()
	}
	return n, err
}

// Write writes as much as the socket takes. sock.ErrWouldBlock means that it takes
// nothing now.
func (c *Conn) Write(p []byte) (int, error) { return c.conns.calls.Write(c.FD(), p) }

// SetTimer implements server.Transport. It sets the connection's timer in the heap.
func (c *Conn) SetTimer(at time.Duration) {
	c.at = at
	if c.index < 0 {
		heap.Push(&c.conns.timers, c)
	} else {
		heap.Fix(&c.conns.timers, int(c.index))
	}
}

// Interrupt implements server.Transport. It needs no lock, because the connections
// of a lane belong to one loop.
func (c *Conn) Interrupt() { c.SetTimer(Interrupted) }

// CloseWrite implements server.Transport.
func (c *Conn) CloseWrite() error { return c.conns.calls.CloseWrite(c.FD()) }

// timers is a heap by time. It changes only when a deadline comes nearer. A busy
// connection's deadline only moves away, so requests cost nothing here.
type timers []*Conn

func (t timers) Len() int           { return len(t) }
func (t timers) Less(i, j int) bool { return t[i].at < t[j].at }
func (t timers) Swap(i, j int) {
	t[i], t[j] = t[j], t[i]
	t[i].index, t[j].index = int32(i), int32(j)
}

func (t *timers) Push(x any) {
	c := x.(*Conn)
	c.index = int32(len(*t))
	*t = append(*t, c)
}

func (t *timers) Pop() any {
	last := len(*t) - 1
	c := (*t)[last]
	(*t)[last] = nil
	*t = (*t)[:last]
	c.index = -1
	return c
}
