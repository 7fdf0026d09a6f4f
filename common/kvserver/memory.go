package kvserver

import (
	"container/heap"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ioflavors/ioflavors/common/session"
)

// holders are those connections of a lane that hold much of the memory for
// buffers. When memory runs short, the host closes holders until enough has come
// back. To close the connection that asks for memory would be no use: the
// connections that hold it would stay, and the next one that asks would be closed
// as well.
//
// # The order
//
// The holder that has made no progress for longest is closed first. A holder makes
// progress when an eighth of what it holds has moved, in or out, since it last made
// progress, or since it became a holder. So a part of a frame whose rest does not
// come, and a reply that is not taken, are closed before any client that is being
// served, however large that client's frame is. Of holders that made progress at the
// same time, such as in one turn of a loop, the largest is closed first.
//
// Bytes alone are no progress, because a client that sends a byte a second would
// seem to be at work. Nor is the age of the frame the measure, because that would
// close an honest client on a slow line before attackers that came after it. With
// an eighth, attackers that hold M bytes have to send M/8 bytes in the time in which
// the honest client moves an eighth of its own frame, or one of them is closed
// instead of it. The frame timeout limits each of their frames besides.
//
// # The lanes
//
// Each lane has holders and a lock of its own, so threads do not all wait for one
// lock. But the order is the host's: the lane whose first holder has waited longest
// gives up that holder. Otherwise an honest client that is alone in its lane would
// be closed for what the clients of other lanes hold. A loop closes connections of
// its own at once. It tells another loop to close one (Lane.Wake), because only that
// one may touch it.
type holders struct {
	mu    sync.Mutex
	conns leastProgress
	first atomic.Int64 // progress of conns[0], plus 1; 0: there is none
	told  []*Conn      // a loop's, chosen by other loops, and not released yet
	asked atomic.Bool  // told is not empty; spares the loop the lock
}

// Conn.held is negative when the connection is to be closed: it is what the
// connection held when it was chosen, times -1, or released if that memory is back.
const released = math.MinInt64

// progressShare is the part of what a holder holds that has to move.
const progressShare = 8

// evenShare is what a connection may hold without being a holder: half the
// memory, divided by all that there may be. So who holds no more is never
// closed for it, however many there are.
func evenShare(l Limits) int64 { return l.MemoryLimit / 2 / int64(l.MaxConns) }

// short returns how much more is lent than should be, in bytes: a quarter is left
// for what is given back at once.
func (h *Host) short() int64 {
	return h.Buffers().Lent() - (h.Limits.MemoryLimit - h.Limits.MemoryLimit/4)
}

// relieve closes holders until enough memory has come back, or will, because those
// that hold it are told. asks is the lane that has taken more.
func (h *Host) relieve(asks *Lane) {
	if h.short() <= h.leaving.Load() {
		return
	}
	h.relief.Lock() // or several threads would each close a holder for the same bytes
	defer h.relief.Unlock()
	for h.short() > h.leaving.Load() {
		var from *Lane
		var least int64
		for _, l := range h.lanes {
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

// evict chooses the lane's first holder, and closes it, or has it closed.
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
	c.lane.host.leaving.Add(held)
	switch {
	case !asks.loops:
		c.timer.Interrupt()
	case c.lane == asks:
		c.release()
	default:
		hs.told = append(hs.told, c)
		hs.asked.Store(true)
		c.lane.Wake() // before the lock is given back: a loop that ends first removes its connections
	}
}

// release takes the memory of a connection that was chosen. It is for loops, where
// no other goroutine can be at work on it: its loop closes it at the end of the
// turn at the earliest, and until then others would be closed in vain.
func (c *Conn) release() {
	c.timer.Interrupt()
	c.Abort(session.ErrMemory)
	c.Release()
	c.lane.host.leaving.Add(c.held.Swap(released))
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

// stirs reports whether enough has moved for what it holds.
func (c *Conn) stirs(held int64) bool { return int64(c.stirred) >= held/progressShare }

// account notes what the connection holds between two calls: input whose frame
// is not whole, and output that there was no room for.
func (c *Conn) account(now time.Duration, l looked) {
	before := c.held.Load()
	if before < 0 {
		return
	}
	in, out := c.Held()
	held := int64(in)
	if l&(tried|offered) != 0 || before > 0 { // else it is about to be written
		held += int64(out)
	}
	if held <= c.lane.host.share {
		held = 0
	}
	if held != before || held > 0 && c.stirs(held) {
		c.lane.holders.set(c, held, now)
	}
}

// set notes how much a connection holds; 0 is not worth noting.
func (hs *holders) set(c *Conn, held int64, now time.Duration) {
	if before, ok := hs.update(c, held, now); ok && held > before {
		c.lane.host.relieve(c.lane)
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

// publish tells the host which holder is the first.
func (hs *holders) publish() {
	first := int64(0)
	if len(hs.conns) > 0 {
		first = int64(hs.conns[0].progress) + 1
	}
	hs.first.Store(first)
}

// remove forgets a connection that is closed.
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
		c.lane.host.leaving.Add(held)
		if i := slices.Index(hs.told, c); i >= 0 {
			hs.told = slices.Delete(hs.told, i, i+1)
		}
	}
}

// leastProgress is a heap of holders.
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

// Push is heap.Interface's.
func (h *leastProgress) Push(x any) {
	c := x.(*Conn)
	c.rank = int32(len(*h))
	*h = append(*h, c)
}

// Pop is heap.Interface's.
func (h *leastProgress) Pop() any {
	last := len(*h) - 1
	c := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return c
}
