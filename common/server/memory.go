package server

import (
	"container/heap"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ioflavors/ioflavors/common/session"
)

// holders are the connections of a lane that hold much of the memory for buffers. When
// memory is short, the server closes holders until enough has come back. Closing the
// connection that asks for memory would not help: the connections that hold the memory
// would stay, and the next one that asks would be closed as well.
//
// # The order
//
// The holder that has made no progress for longest is closed first. A holder makes
// progress when an eighth of the bytes that it holds has moved, in or out, since its
// last progress, or since it became a holder. So an incomplete frame that stalls, and a
// reply that is not taken, are closed before any client that is being served, however
// large that client's frame is. Of holders that made progress at the same time, such as
// in one iteration of a loop, the largest is closed first.
//
// Bytes alone are no progress, because a client that sends a byte a second would seem
// to be at work. The age of the frame is not the measure either, because that would
// close an honest client on a slow line before attackers that came after it. With an
// eighth, attackers that hold M bytes must send M/8 bytes in the time in which the
// honest client moves an eighth of its own frame; otherwise one of them is closed
// first. The frame timeout also limits each of their frames.
//
// # The lanes
//
// Each lane has its own holders and lock, so threads do not all wait for one lock. But
// the order is the server's: the lane whose first holder has waited longest gives up
// that holder. Otherwise an honest client that is alone in its lane would be closed
// for memory that the clients of other lanes hold. A loop closes its own connections at
// once. It tells another loop to close one (Lane.Wake), because only that loop may
// touch it.
type holders struct {
	mu    sync.Mutex
	conns leastProgress
	first atomic.Int64 // progress of conns[0], plus 1; 0: no holder
	told  []*Conn      // the loop's connections that other loops chose, not released yet
	asked atomic.Bool  // told is not empty; saves the loop taking the lock
}

// Conn.held is negative when the connection was chosen to be closed: minus the bytes
// that it held when chosen, or released if they have come back.
const released = math.MinInt64

// progressShare is the divisor in the rule of progress: an eighth of the held bytes
// must move.
const progressShare = 8

// evenShare is the number of bytes that a connection may hold without being a holder:
// half the memory limit, divided by MaxConns. So a connection that holds no more is
// never closed for memory, however many connections there are.
func evenShare(l Limits) int64 { return l.MemoryLimit / 2 / int64(l.MaxConns) }

// short returns how many bytes too many are lent. A quarter of the limit is left free
// for buffers that are returned at once.
func (core *Core) short() int64 {
	return core.Buffers().Lent() - (core.Limits.MemoryLimit - core.Limits.MemoryLimit/4)
}

// relieve closes holders until enough memory has come back, or will come back from
// holders that were told to close. asks is the lane that has taken more.
func (core *Core) relieve(asks *Lane) {
	if core.short() <= core.leaving.Load() {
		return
	}
	core.relief.Lock() // otherwise several threads would each close a holder for the same bytes
	defer core.relief.Unlock()
	for core.short() > core.leaving.Load() {
		var from *Lane
		var least int64
		for _, l := range core.lanes {
			if first := l.holders.first.Load(); first != 0 && (from == nil || first < least) {
				from, least = l, first
			}
		}
		if from == nil {
			return
		}
		from.holders.evict(asks)
	}
}

// evict chooses the lane's first holder. It closes the holder, or has the holder's
// goroutine do so.
func (hs *holders) evict(asks *Lane) {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	if len(hs.conns) == 0 {
		return
	}
	c := heap.Pop(&hs.conns).(*Conn)
	hs.publish()
	held := c.held.Load()
	c.held.Store(-held)
	c.lane.core.leaving.Add(held)
	switch {
	case !asks.loops:
		c.transport.Interrupt()
	case c.lane == asks:
		c.release()
	default:
		hs.told = append(hs.told, c)
		hs.asked.Store(true)
		c.lane.Wake() // under the lock, because a loop takes it to remove its connections before it ends
	}
}

// release takes the memory of a chosen connection at once. Its loop closes the socket
// at the end of the iteration at the earliest, and until then further connections would
// be closed in vain. Only loops call it, because in a loop no other goroutine can be
// using the connection.
func (c *Conn) release() {
	c.transport.Interrupt()
	c.Abort(session.ErrMemory)
	c.Release()
	c.lane.core.leaving.Add(c.held.Swap(released))
}

// releaseTold releases the loop's connections that other loops have chosen.
func (hs *holders) releaseTold() {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	for _, c := range hs.told {
		c.release()
	}
	clear(hs.told)
	hs.told = hs.told[:0]
	hs.asked.Store(false)
}

// stirs reports whether enough bytes have moved to count as progress of a connection
// that holds held bytes.
func (c *Conn) stirs(held int64) bool { return int64(c.stirred) >= held/progressShare }

// account notes what the connection holds between two calls: the input of an incomplete
// frame, and output that the socket did not take.
func (c *Conn) account(now time.Duration, l looked) {
	before := c.held.Load()
	if before < 0 {
		return
	}
	in, out := c.Held()
	held := int64(in)
	if l&(tried|offered) != 0 || before > 0 { // otherwise the output is about to be written
		held += int64(out)
	}
	if held <= c.lane.core.share {
		held = 0
	}
	if held != before || held > 0 && c.stirs(held) {
		c.lane.holders.set(c, held, now)
	}
}

// set notes how many bytes a connection holds; 0 means that it is no holder.
func (hs *holders) set(c *Conn, held int64, now time.Duration) {
	if before, ok := hs.update(c, held, now); ok && held > before {
		c.lane.core.relieve(c.lane)
	}
}

func (hs *holders) update(c *Conn, held int64, now time.Duration) (before int64, ok bool) {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	if before = c.held.Load(); before < 0 {
		return before, false
	}
	c.held.Store(held)
	if before == 0 || c.stirs(held) {
		c.progress, c.stirred = now, 0
	}
	switch {
	case held == 0:
		heap.Remove(&hs.conns, int(c.rank))
	case before == 0:
		heap.Push(&hs.conns, c)
	default:
		heap.Fix(&hs.conns, int(c.rank))
	}
	hs.publish()
	return before, true
}

// publish stores the first holder's progress for the other lanes.
func (hs *holders) publish() {
	first := int64(0)
	if len(hs.conns) > 0 {
		first = int64(hs.conns[0].progress) + 1
	}
	hs.first.Store(first)
}

// remove removes a connection that is closed.
func (hs *holders) remove(c *Conn) {
	if held := c.held.Load(); held == 0 || held == released {
		return
	}
	hs.mu.Lock()
	defer hs.mu.Unlock()
	switch held := c.held.Swap(released); {
	case held > 0:
		heap.Remove(&hs.conns, int(c.rank))
		hs.publish()
	case held != released:
		c.lane.core.leaving.Add(held)
		if i := slices.Index(hs.told, c); i >= 0 {
			hs.told = slices.Delete(hs.told, i, i+1)
		}
	}
}

// leastProgress is a heap of holders, least progress first.
type leastProgress []*Conn

func (h leastProgress) Len() int { return len(h) }

func (h leastProgress) Less(i, j int) bool {
	if a, b := h[i].progress, h[j].progress; a != b {
		return a < b
	}
	return h[i].held.Load() > h[j].held.Load()
}

func (h leastProgress) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].rank, h[j].rank = int32(i), int32(j)
}

// Push implements heap.Interface.
func (h *leastProgress) Push(x any) {
	c := x.(*Conn)
	c.rank = int32(len(*h))
	*h = append(*h, c)
}

// Pop implements heap.Interface.
func (h *leastProgress) Pop() any {
	last := len(*h) - 1
	c := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return c
}
