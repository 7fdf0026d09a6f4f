package nonblocking

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	_ "github.com/ioflavors/ioflavors/common/kv" // the servers' protocol
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/sock"
)

// noSocket is no valid descriptor, so closing it fails and does no harm.
const noSocket = -1

func open(cs *Conns) *Conn {
	c := new(Conn)
	cs.Open(c, noSocket, "")
	return c
}

func TestTimersRunOutInTheirOrder(t *testing.T) {
	core := server.NewCore(server.Config{}, server.Traits{}, 1)
	cs := NewConns(core.Lane(0), sock.System, 1)
	r := rand.New(rand.NewPCG(1, 2))
	conns := make([]*Conn, 200)
	for i := range conns {
		conns[i] = open(cs)
	}
	for range 2000 { // set timers earlier and later, and close some connections
		i := r.IntN(len(conns))
		if r.IntN(10) == 0 {
			cs.Close(conns[i])
			conns[i] = open(cs)
		}
		conns[i].SetTimer(time.Duration(r.Int64N(1_000_000)))
	}
	var last time.Duration
	for range conns {
		at, ok := cs.Next()
		require.True(t, ok)
		require.GreaterOrEqual(t, at, last)
		last = at
		c := cs.timers[0]
		cs.Close(c)
	}
	_, ok := cs.Next()
	assert.False(t, ok)
}

func TestOnlyThoseWhoseTimeHasComeExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core := server.NewCore(server.Config{Limits: server.Limits{IdleTimeout: time.Minute}}, server.Traits{}, 1)
		cs := NewConns(core.Lane(0), sock.System, 1)
		first := open(cs)
		time.Sleep(10 * time.Second)
		second := open(cs)

		at, ok := cs.Next()
		require.True(t, ok)
		time.Sleep(at - core.Since())
		now := core.Lane(0).Tick()
		assert.Same(t, first, cs.Expired(now))
		assert.Zero(t, first.Wants(), "it was idle for a minute")
		assert.Nil(t, cs.Expired(now))
		assert.NotZero(t, second.Wants())
	})
}

func TestWhoIsInterruptedComesBeforeAnyClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core := server.NewCore(server.Config{Limits: server.Limits{IdleTimeout: 1}}, server.Traits{}, 1)
		cs := NewConns(core.Lane(0), sock.System, 1)
		open(cs)
		second := open(cs)
		time.Sleep(time.Second)
		second.Interrupt()
		assert.Same(t, second, cs.Expired(Interrupted))
		assert.Nil(t, cs.Expired(Interrupted), "the first one is idle, but is not judged yet")
	})
}
