package server

import (
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/kv"
	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/common/store"
)

// When memory is short, the connections that hold it give it back. A connection that
// needs little memory gets it.
func TestWhenMemoryIsShortHoldersAreClosed(t *testing.T) {
	l := Limits{MemoryLimit: 1 << 20, MaxConns: 16}                              // an even share is 32 KiB
	half := request(kv.PutOrUpdate, "k", strings.Repeat("v", 500_000))[:120_000] // in 128 KiB
	bubble(t, l, func(t *testing.T, core *Core) {
		var modest, hoarders []*fakeConn
		for range 8 {
			c := open(core)
			c.receive(half[:20_000])
			modest = append(modest, c)
		}
		closed := 0
		for range 7 {
			c := open(core)
			c.receive(half)
			hoarders = append(hoarders, c)
			hoarders = slices.DeleteFunc(hoarders, func(c *fakeConn) bool {
				if c.sleep(core, time.Millisecond); c.Wants() != 0 {
					return false
				}
				assert.Equal(t, ClosedMemory.String(), c.closed(t, core))
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
		assert.Zero(t, core.leaving.Load())
		assert.Empty(t, core.Lane(0).holders.conns)
	})
}

// Many clients may send much within one iteration of a loop, and a model closes
// connections at the iteration's end or later.
func TestInALoopMemoryComesBackWithinTheTurn(t *testing.T) {
	l := Limits{MemoryLimit: 1 << 20, MaxConns: 16}
	half := request(kv.PutOrUpdate, "k", strings.Repeat("v", 500_000))[:120_000]
	bubble(t, l, func(t *testing.T, core *Core) {
		lane := core.Lane(0)
		lane.Tick()
		var hoarders []*fakeConn
		for range 15 { // together they would hold twice the limit
			c := open(core)
			c.receive(half)
			hoarders = append(hoarders, c)
			require.LessOrEqual(t, core.Buffers().Lent(), l.MemoryLimit*3/4+128<<10)
		}
		modest := open(core)
		modest.receive(request(kv.Get, "k", ""))
		assert.NotEmpty(t, modest.flush())
		assert.Equal(t, session.Read, modest.Wants())
		modest.Closed()

		closed := 0
		for _, c := range hoarders {
			over := c.Wants() == 0
			if over {
				assert.Zero(t, c.timer, "the model is told to close it")
				c.receive(half)       // the model had read this before
				c.HandleWrite(5, nil) // or sent this
				assert.Zero(t, c.Wants())
				assert.Empty(t, c.Output())
			}
			if reason := c.closed(t, core); over {
				assert.Equal(t, ClosedMemory.String(), reason)
				closed++
			}
		}
		assert.Equal(t, 9, closed, "there is enough for six")
		assert.Zero(t, core.leaving.Load())
		assert.Empty(t, lane.holders.conns)
	})
}

// half opens a connection that sends 120 kB of a large frame.
func half(core *Core, lane int) *fakeConn {
	c := &fakeConn{timer: noTimer}
	core.Lane(lane).Open(&c.Conn, c, core.Admit())
	c.receive(request(kv.PutOrUpdate, "k", strings.Repeat("v", 500_000))[:120_000])
	return c
}

// halves opens as many such connections as are possible before memory is short.
func halves(core *Core, lane int) (held []*fakeConn) {
	for core.short() <= -256<<10 {
		held = append(held, half(core, lane))
	}
	return held
}

// inTime reports whether a client that sends a put of 300 kB, in pieces with a pause
// between them, is answered. It calls others before each piece.
func inTime(core *Core, c *fakeConn, pause time.Duration, others func()) bool {
	whole := request(kv.PutOrUpdate, "k", strings.Repeat("v", 300_000))
	for len(whole) > 0 {
		n := min(len(whole), 30_000)
		c.receive(whole[:n])
		whole = whole[n:]
		others()
		c.sleep(core, pause)
	}
	return c.Wants() != 0 && len(c.flush()) > 0
}

func end(core *Core, conns []*fakeConn) (closed int64) {
	for _, c := range conns {
		c.Closed()
	}
	return core.Lifecycle(nil).Stats().Closed[ClosedMemory.String()]
}

// 1,600 clients, each with 120 kB of a frame, once had every put of 1 MB closed,
// because the put was the largest.
func TestWhoMakesProgressIsNotClosedForThoseWhoDoNot(t *testing.T) {
	l := Limits{MemoryLimit: 4 << 20, MaxConns: 64, FrameTimeout: -1, IdleTimeout: -1}
	for name, goOn := range map[string]func([]*fakeConn, *Core) []*fakeConn{
		"halves that stay": func(attackers []*fakeConn, _ *Core) []*fakeConn { return attackers },
		"halves that dribble": func(attackers []*fakeConn, _ *Core) []*fakeConn {
			for _, c := range attackers {
				c.receive("vvv")
			}
			return attackers
		},
		"others that come": func(attackers []*fakeConn, core *Core) []*fakeConn { return append(attackers, half(core, 0)) },
	} {
		for _, loops := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/loops=%v", name, loops), func(t *testing.T) {
				bubble(t, l, func(t *testing.T, core *Core) {
					tick := func() {
						if loops {
							core.Lane(0).Tick()
						}
					}
					tick()
					attackers := halves(core, 0)
					time.Sleep(time.Second)
					tick()
					honest := open(core)
					assert.True(t, inTime(core, honest, 10*time.Millisecond, func() {
						tick()
						attackers = slices.DeleteFunc(goOn(attackers, core), func(c *fakeConn) bool {
							c.HandlePhase()
							if c.Wants() == 0 {
								c.Closed()
								return true
							}
							return false
						})
					}))
					assert.NotZero(t, end(core, append(attackers, honest)))
					assert.Zero(t, core.Buffers().Lent())
				})
			})
		}
	}
}

// A client that does not take its replies holds as much memory as a client whose frame
// is incomplete.
func TestWhoTakesNothingIsClosedBeforeWhoTakes(t *testing.T) {
	l := Limits{MemoryLimit: 1 << 20, MaxConns: 16, WriteTimeout: -1, IdleTimeout: -1}
	bubble(t, l, func(t *testing.T, core *Core) {
		first := open(core)
		first.receive(request(kv.PutOrUpdate, "k", strings.Repeat("v", 100_000)))
		first.flush()
		ask := func() *fakeConn {
			c := open(core)
			c.receive(request(kv.Get, "k", ""))
			c.HandleWrite(1, nil) // the socket took no more
			return c
		}
		taker := ask()
		var deaf []*fakeConn
		for range 9 {
			time.Sleep(time.Second)
			core.Lane(0).Tick()
			deaf = append(deaf, ask())
			taker.HandleWrite(9_000, nil)
			for _, c := range append(deaf, taker) {
				c.sleep(core, 0)
			}
		}
		require.NotZero(t, taker.Wants(), "it takes some of its reply all the time")
		assert.NotEmpty(t, taker.flush())
		assert.Zero(t, deaf[0].Wants(), "it has waited longest")
		assert.NotZero(t, deaf[8].Wants())
		assert.NotZero(t, end(core, append(deaf, taker, first)))
	})
}

// A client that is alone in its lane is not closed for memory that another lane's
// clients hold. Only the other lane's loop touches those clients.
func TestHoldersOfAnotherLaneGoFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := Limits{MemoryLimit: 4 << 20, MaxConns: 64, FrameTimeout: -1, IdleTimeout: -1}
		core := NewCore(Config{Limits: l, Logger: slog.New(slog.DiscardHandler)}, Traits{Threads: true}, 2)
		woken := 0
		for i := range 2 {
			core.Lane(i).Tick()
		}
		core.Lane(1).Wake = func() { woken++ }
		attackers := halves(core, 1)
		time.Sleep(time.Second)

		core.Lane(0).Tick()
		honest := open(core)
		assert.True(t, inTime(core, honest, 0, func() {}))
		assert.NotZero(t, woken)
		for _, c := range attackers {
			assert.Equal(t, session.Read, c.Wants(), "it is the other loop's")
		}
		before := core.Buffers().Lent()
		assert.NotZero(t, core.leaving.Load())

		told := slices.Clone(core.Lane(1).holders.told)
		require.Greater(t, len(told), 1)
		for _, c := range attackers {
			if &c.Conn == told[0] { // it leaves before its loop has been told
				c.Closed()
			}
		}
		core.Lane(1).Tick()
		assert.Zero(t, core.leaving.Load())
		assert.Less(t, core.Buffers().Lent(), before)
		for _, c := range attackers {
			if slices.Contains(told[1:], &c.Conn) {
				assert.Zero(t, c.Wants())
				assert.Zero(t, c.timer, "the model is told to close it")
			}
		}
	})
}

// Replies that append made grow were once garbage after they were sent, and the limit
// did not count it: 800 slow readers cost ten times the limit.
func TestLargeRepliesAreMadeInBuffersThatCount(t *testing.T) {
	const size, clients = 500_000, 100
	l := Limits{MemoryLimit: 4 << 20, MaxConns: 16}
	bubble(t, l, func(t *testing.T, core *Core) {
		first := open(core)
		first.receive(request(kv.PutOrUpdate, "k", strings.Repeat("v", size)))
		first.flush()
		first.Closed()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range clients {
			c := open(core)
			c.receive(request(kv.Get, "k", ""))
			require.LessOrEqual(t, core.Buffers().Lent(), l.MemoryLimit)
			assert.Greater(t, len(c.Output()), size)
			c.Closed()
		}
		runtime.ReadMemStats(&after)
		// The garbage collector may empty the pool, and the race detector drops a part
		// of it.
		assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(clients*size/2), "bytes allocated")
	})
}

// If there is no memory for a reply, it is not made.
func TestAReplyThatIsTooLargeForTheLimitIsNotMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := store.New(0)
		require.NoError(t, full.Put([]byte("k"), make([]byte, 500_000)))
		l := Limits{MemoryLimit: 400_000, MaxConns: 16}
		core := NewCore(Config{Protocol: kv.New(kv.Config{Store: full}), Limits: l, Logger: slog.New(slog.DiscardHandler)}, Traits{}, 1)
		c := open(core)
		c.receive(request(kv.Get, "k", ""))
		assert.LessOrEqual(t, core.Buffers().Lent(), l.MemoryLimit)
		assert.Zero(t, c.Wants())
		assert.Equal(t, ClosedMemory.String(), c.closed(t, core))
	})
}

// Threads that share a lane close their connections at the same time. The list once had
// no lock, and only the race detector noticed.
func TestAConnectionLeavesTheHoldersUnderTheirLock(t *testing.T) {
	core := NewCore(Config{Limits: Limits{MemoryLimit: 1 << 20, MaxConns: 16}}, Traits{}, 1)
	hs := &core.Lane(0).holders
	c := open(core)
	c.receive(request(kv.PutOrUpdate, "k", strings.Repeat("v", 200_000))[:100_000])
	require.Len(t, hs.conns, 1)

	hs.mu.Lock()
	closed, waits := waitsForALock(c.Closed)
	assert.True(t, waits)
	assert.Len(t, hs.conns, 1, "it is not touched without the lock")
	hs.mu.Unlock()
	<-closed
	assert.Empty(t, hs.conns)
}

// Only holders take the lock: small requests, on however many threads, do not wait for
// it.
func TestAConnectionThatHoldsLittleTakesNoLock(t *testing.T) {
	core := NewCore(Config{Limits: Limits{MemoryLimit: 1 << 20, MaxConns: 16}}, Traits{}, 1)
	hs := &core.Lane(0).holders
	hs.mu.Lock()
	defer hs.mu.Unlock()
	_, waits := waitsForALock(func() {
		c := open(core)
		put := request(kv.PutOrUpdate, "k", strings.Repeat("v", 1000))
		c.receive(put + put[:500])
		c.flush()
		c.receive(put[500:])
		c.flush()
		c.Closed()
	})
	require.False(t, waits)
}

// waitsForALock calls f on a goroutine, and returns when the goroutine waits for a
// mutex, or has ended. done is closed when f has returned.
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
			if strings.Contains(goroutine, "[sync.Mutex.Lock") && strings.Contains(goroutine, "server.inAnotherGoroutine") {
				return done, true
			}
		}
	}
}

func inAnotherGoroutine(done chan struct{}, f func()) {
	defer close(done)
	f()
}

// The counts of held memory are right after any number of changes.
func TestTheBooksOfTheHoldersBalance(t *testing.T) {
	l := Limits{MemoryLimit: 1 << 20, MaxConns: 16} // an even share is 32 KiB
	put := request(kv.PutOrUpdate, "k", strings.Repeat("v", 100_000))
	bubble(t, l, func(t *testing.T, core *Core) {
		hs := &core.Lane(0).holders
		for range 100 {
			c := open(core)
			c.receive(put[:30_000])
			assert.Empty(t, hs.conns, "an even share is not worth noting")
			c.receive(put[30_000:90_000])
			in, _ := c.Held()
			assert.Equal(t, leastProgress{&c.Conn}, hs.conns)
			assert.EqualValues(t, in, c.held.Load())
			c.receive(put[90_000:])
			assert.Empty(t, hs.conns, "its request is answered")
			c.flush()
			c.receive(put[:90_000])
			c.closed(t, core)
			assert.Empty(t, hs.conns)
			assert.Zero(t, core.Buffers().Lent())
		}
	})
}
