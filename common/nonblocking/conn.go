// Package nonblocking is what the models have in common whose calls do not
// block: connections by descriptor, a heap for their timers, and an acceptor.
// It joins the rules of package kvserver to package sock; how to find out
// which descriptor has something to say is left to the models.
package nonblocking

import (
	"container/heap"
	"time"

	"github.com/ioflavors/ioflavors/common/kvserver"
	"github.com/ioflavors/ioflavors/common/sock"
)

// Conn is a connection whose calls do not block. Make it with Loop.Open.
type Conn struct {
	kvserver.Conn
	loop  *Loop
	at    time.Duration // when Expire is to be called
	index int32         // in the loop's heap; -1: not there
	fd    int32
}

// Loop are the connections that one goroutine serves, and their timers.
type Loop struct {
	lane   *kvserver.Lane
	calls  sock.Calls
	timers timers
}

// NewLoop returns a loop without connections, which will make these calls. It has
// room for so many: one list that is touched as it is filled takes less memory
// than those that it would grow out of.
func NewLoop(lane *kvserver.Lane, calls sock.Calls, room int) *Loop {
	return &Loop{lane: lane, calls: calls, timers: make(timers, 0, room)}
}

// Open makes c the connection of a client that was accepted, or is refused.
func (l *Loop) Open(c *Conn, fd int, refusal string) {
	c.fd, c.loop, c.index = int32(fd), l, -1
	l.lane.Open(&c.Conn, c, refusal)
}

// Close closes a connection. Its descriptor's number may be in use again from
// now on.
func (l *Loop) Close(c *Conn) {
	if c.index >= 0 {
		heap.Remove(&l.timers, int(c.index))
	}
	if h := l.lane.Host(); h.PerPeer() {
		h.LeavePeer(c.FD())
	}
	_ = l.calls.Close(c.FD())
	c.Closed()
}

// Next returns when the next timer runs out, by the lane's clock.
func (l *Loop) Next() (at time.Duration, ok bool) {
	if len(l.timers) == 0 {
		return 0, false
	}
	return l.timers[0].at, true
}

// Interrupted is the time for which Expired takes out only those that were
// interrupted, to be closed: that is before any clock runs out.
const Interrupted time.Duration = 0

// Expired takes out a connection whose time has come and judges it by its
// clocks (Conn.Expire), as of a time by which everything was read that had
// come; nil when there is none.
func (l *Loop) Expired(asOf time.Duration) *Conn {
	if len(l.timers) == 0 || l.timers[0].at > asOf {
		return nil
	}
	c := heap.Pop(&l.timers).(*Conn)
	c.Expire(asOf)
	return c
}

// FD returns the connection's descriptor.
func (c *Conn) FD() int { return int(c.fd) }

// Read reads what has come; sock.ErrWouldBlock means nothing.
func (c *Conn) Read(p []byte) (int, error) {
	n, err := c.loop.calls.Read(c.FD(), p)
	if err == sock.ErrWouldBlock {
		c.Drained()
	}
	return n, err
}

// Write writes what there is room for; sock.ErrWouldBlock means none.
func (c *Conn) Write(p []byte) (int, error) { return c.loop.calls.Write(c.FD(), p) }

// Wake is kvserver.Timer's.
func (c *Conn) Wake(at time.Duration) {
	c.at = at
	if c.index < 0 {
		heap.Push(&c.loop.timers, c)
	} else {
		heap.Fix(&c.loop.timers, int(c.index))
	}
}

// Interrupt is kvserver.Timer's: those who share a lane share a loop.
func (c *Conn) Interrupt() { c.Wake(Interrupted) }

// CloseWrite is kvserver.Timer's.
func (c *Conn) CloseWrite() error { return c.loop.calls.CloseWrite(c.FD()) }

// timers is a heap by time. It is touched when a deadline comes nearer, which
// a busy connection's does not: requests cost nothing here.
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
