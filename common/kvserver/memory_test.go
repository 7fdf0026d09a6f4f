package kvserver

import (
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
