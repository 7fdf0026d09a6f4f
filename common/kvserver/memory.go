package kvserver

import (
	"sync"

	"github.com/ioflavors/ioflavors/common/session"
)

// holders are those connections of a lane that hold much of the memory for
// buffers. When it runs short the largest of them is closed: it is no use to
// close who asks, for those who hold it would be left, and the next one has to
// go as well.
//
// They are found within the lane, so a loop closes only connections of its own,
// and threads do not all wait for one lock. Whoever makes memory short by
// holding more is in the list itself, so there is always one to close.
type holders struct {
	mu      sync.Mutex
	conns   map[*Conn]int64 // and how much each holds, in bytes
	leaving int64           // held by those who were told to go
}

// evicted is what Conn.held says of a connection that is to be closed.
const evicted = -1

// evenShare is what a connection may hold without being a holder: half the
// memory, divided by all that there may be. So who holds no more is never
// closed for it, however many there are.
func evenShare(l Limits) int64 { return l.MemoryLimit / 2 / int64(l.MaxConns) }

// short returns how much more is lent than should be: a quarter is left for
// what is given back at once.
func (h *Host) short() int64 {
	return h.Buffers().Lent() - (h.Limits.MemoryLimit - h.Limits.MemoryLimit/4)
}

// account notes what the connection holds between two calls: input whose frame
// is not whole, and output that there was no room for.
func (c *Conn) account(l looked) {
	before := c.held.Load()
	if before == evicted {
		return
	}
	held, out := c.Held()
	if l&tried != 0 || before > 0 { // else it is about to be written
		held += out
	}
	if int64(held) <= c.lane.host.share {
		held = 0
	}
	if int64(held) != before {
		c.lane.holders.set(c, int64(held))
	}
}

// set notes how much a connection holds; 0 is not worth noting.
func (hs *holders) set(c *Conn, held int64) {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	before := c.held.Load()
	if before == evicted {
		return
	}
	c.held.Store(held)
	if held == 0 {
		delete(hs.conns, c)
		return
	}
	if hs.conns == nil {
		hs.conns = make(map[*Conn]int64)
	}
	hs.conns[c] = held
	if held > before {
		hs.relieve(c.lane.host.short(), c.lane.loops)
	}
}

// relieve tells the largest to go, until so many bytes have come back, or will. In
// a loop, where nobody else can be at work on them, their memory comes back at
// once: a loop closes them at the end of its turn at the earliest, and until then
// others would be closed who hold little and find nothing left to be lent.
func (hs *holders) relieve(short int64, loop bool) {
	for short > hs.leaving {
		var largest *Conn
		for c, held := range hs.conns {
			if c.held.Load() != evicted && (largest == nil || held > hs.conns[largest]) {
				largest = c
			}
		}
		if largest == nil {
			return
		}
		largest.held.Store(evicted)
		if largest.timer.Interrupt(); !loop {
			hs.leaving += hs.conns[largest]
			continue
		}
		short -= hs.conns[largest]
		delete(hs.conns, largest)
		largest.Abort(session.ErrMemory)
		largest.Release()
	}
}

// remove forgets a connection that is closed.
func (hs *holders) remove(c *Conn) {
	if c.held.Load() == 0 {
		return
	}
	hs.mu.Lock()
	defer hs.mu.Unlock()
	if c.held.Load() == evicted {
		hs.leaving -= hs.conns[c]
	}
	delete(hs.conns, c)
}
