package kvserver

import (
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/kv"
	"github.com/ioflavors/ioflavors/common/session"
)

// The memory that is short is given back by those who hold it, not refused to
// who needs a little.
func TestWhenMemoryIsShortTheLargestIsClosed(t *testing.T) {
	l := Limits{MemoryLimit: 1 << 20, MaxConns: 16}                              // an even share is 32 KiB
	half := request(kv.PutOrUpdate, "k", strings.Repeat("v", 500_000))[:120_000] // in 128 KiB
	bubble(t, l, func(t *testing.T, h *Host) {
		var modest, hoarders []*fakeConn
		for range 8 {
			c := open(h)
			c.receive(half[:20_000])
			modest = append(modest, c)
		}
		closed := 0
		for range 7 {
			c := open(h)
			c.receive(half)
			hoarders = append(hoarders, c)
			hoarders = slices.DeleteFunc(hoarders, func(c *fakeConn) bool {
				if c.sleep(h, time.Millisecond); c.Wants() != 0 {
					return false
				}
				assert.Equal(t, ClosedMemory.String(), c.closed(t, h))
				closed++
				return true
			})
		}
		assert.Equal(t, 3, closed, "there is enough for four")
		for _, c := range hoarders {
			c.Closed()
		}
		for _, c := range modest {
			assert.Equal(t, session.Read, c.Wants())
			c.Closed()
		}
		assert.Zero(t, h.Lane(0).holders.leaving)
		assert.Empty(t, h.Lane(0).holders.conns)
	})
}

// Many clients may send much within one turn of a loop, and a model closes
// connections only at its end, or later.
func TestInALoopMemoryComesBackWithinTheTurn(t *testing.T) {
	l := Limits{MemoryLimit: 1 << 20, MaxConns: 16}
	half := request(kv.PutOrUpdate, "k", strings.Repeat("v", 500_000))[:120_000]
	bubble(t, l, func(t *testing.T, h *Host) {
		lane := h.Lane(0)
		lane.Tick()
		var hoarders []*fakeConn
		for range 15 { // who would hold twice the limit
			c := open(h)
			c.receive(half)
			hoarders = append(hoarders, c)
			require.LessOrEqual(t, h.Buffers().Lent(), l.MemoryLimit*3/4+128<<10)
		}
		modest := open(h)
		modest.receive(request(kv.Get, "k", ""))
		assert.NotEmpty(t, modest.flush())
		assert.Equal(t, session.Read, modest.Wants())
		modest.Closed()

		closed := 0
		for _, c := range hoarders {
			over := c.Wants() == 0
			if over {
				assert.Zero(t, c.wake, "the model is told to close it")
				c.receive(half) // what the model had read before
				c.Wrote(5, nil) // or sent
				assert.Zero(t, c.Wants())
				assert.Empty(t, c.Output())
			}
			if reason := c.closed(t, h); over {
				assert.Equal(t, ClosedMemory.String(), reason)
				closed++
			}
		}
		assert.Equal(t, 9, closed, "there is enough for six")
		assert.Zero(t, lane.holders.leaving)
		assert.Empty(t, lane.holders.conns)
	})
}

// Threads that share a lane close their connections at the same time. Only the race
// detector found out that the list had no lock then.
func TestAConnectionLeavesTheHoldersUnderTheirLock(t *testing.T) {
	h := NewHost(Config{Limits: Limits{MemoryLimit: 1 << 20, MaxConns: 16}}, Traits{}, 1)
	hs := &h.Lane(0).holders
	c := open(h)
	c.receive(request(kv.PutOrUpdate, "k", strings.Repeat("v", 200_000))[:100_000])
	require.Len(t, hs.conns, 1)

	hs.mu.Lock()
	closed, waits := waitsForALock(c.Closed)
	assert.True(t, waits)
	assert.Len(t, hs.conns, 1, "it is not touched by one who has no lock")
	hs.mu.Unlock()
	<-closed
	assert.Empty(t, hs.conns)
}

// The lock is for those who hold much: small requests, on however many threads, do
// not wait for it.
func TestAConnectionThatHoldsLittleTakesNoLock(t *testing.T) {
	h := NewHost(Config{Limits: Limits{MemoryLimit: 1 << 20, MaxConns: 16}}, Traits{}, 1)
	hs := &h.Lane(0).holders
	hs.mu.Lock()
	defer hs.mu.Unlock()
	_, waits := waitsForALock(func() {
		c := open(h)
		put := request(kv.PutOrUpdate, "k", strings.Repeat("v", 1000))
		c.receive(put + put[:500])
		c.flush()
		c.receive(put[500:])
		c.flush()
		c.Closed()
	})
	require.False(t, waits)
}

// waitsForALock calls f on a goroutine, until that waits for a mutex, or is over:
// then done is closed.
func waitsForALock(f func()) (done chan struct{}, waits bool) {
	done = make(chan struct{})
	go inAnotherGoroutine(done, f)
	stacks := make([]byte, 1<<20)
	for {
		select {
		case <-done:
			return done, false
		case <-time.After(time.Millisecond):
		}
		for goroutine := range strings.SplitSeq(string(stacks[:runtime.Stack(stacks, true)]), "\n\n") {
			if strings.Contains(goroutine, "[sync.Mutex.Lock") && strings.Contains(goroutine, "kvserver.inAnotherGoroutine") {
				return done, true
			}
		}
	}
}

func inAnotherGoroutine(done chan struct{}, f func()) {
	defer close(done)
	f()
}

// What is known of who holds how much is right after any number of changes.
func TestTheBooksOfTheHoldersBalance(t *testing.T) {
	l := Limits{MemoryLimit: 1 << 20, MaxConns: 16} // an even share is 32 KiB
	put := request(kv.PutOrUpdate, "k", strings.Repeat("v", 100_000))
	bubble(t, l, func(t *testing.T, h *Host) {
		hs := &h.Lane(0).holders
		for range 100 {
			c := open(h)
			c.receive(put[:30_000])
			assert.Empty(t, hs.conns, "an even share is not worth noting")
			c.receive(put[30_000:90_000])
			in, _ := c.Held()
			assert.Equal(t, map[*Conn]int64{&c.Conn: int64(in)}, hs.conns)
			c.receive(put[90_000:])
			assert.Empty(t, hs.conns, "its request is answered")
			c.flush()
			c.receive(put[:90_000])
			c.closed(t, h)
			assert.Empty(t, hs.conns)
			assert.Zero(t, h.Buffers().Lent())
		}
	})
}
