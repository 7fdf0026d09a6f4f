//go:build unix

package generator

import (
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/kv"
	"github.com/ioflavors/ioflavors/common/store"
	"github.com/ioflavors/ioflavors/tools/internal/generator/dataset"
	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// unheard returns a generator whose requests have all been answered, and that has
// not read the replies yet: as after a stop.
func unheard(t *testing.T, cfg Config) *generator {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var serving sync.WaitGroup
	t.Cleanup(func() {
		ln.Close()
		serving.Wait()
	})
	cfg.Addr = ln.Addr().String()
	cfg, err = cfg.withDefaults()
	require.NoError(t, err)
	serving.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { answerKnown(c, cfg) })
		}
	})
	g, err := newGenerator(t.Context(), cfg, codecOf(cfg.Workload), mixOf(cfg.Workload, 1))
	require.NoError(t, err)
	t.Cleanup(g.close)
	g.clock, g.phase = time.Now(), measuring
	g.window.begin(0, 1)
	for _, c := range g.conns {
		if cfg.Open() {
			for range cfg.Depth {
				g.outstanding++
				g.backlog++
				g.window.offered++
				c.waiting.push(2)
			}
		}
		g.request(c)
	}
	for {
		events, err := g.poller.Wait(-1)
		require.NoError(t, err)
		if len(events) == len(g.conns) {
			return g
		}
	}
}

// stopped advances the generator's clock by d, as if it had been stopped.
func stopped(g *generator, d time.Duration) { g.clock = g.clock.Add(-d) }

// answerKnown answers a whole batch in one write, each request rightly.
func answerKnown(c net.Conn, cfg Config) {
	defer c.Close()
	h := kv.NewHandler(store.New(0))
	codec := codecOf(cfg.Workload)
	all := newPipeline(codec, cfg.Keys)
	answerAll(h, nil, fillUp(&all, nil, dataset.Fill(cfg.Keys), 0))
	batch := make([]byte, len(codec.AppendRequest(nil, dataset.Request{}))*cfg.Depth)
	for {
		for got := 0; got < len(batch); {
			n, err := c.Read(batch[got:])
			if err != nil {
				return
			}
			got += n
		}
		if _, err := c.Write(answerAll(h, nil, batch)); err != nil {
			return
		}
	}
}

func unheardConfig(rate float64) Config {
	w := sized(10, 20)
	w.Connections, w.Depth, w.Rate, w.Arrivals = 20, 8, rate, load.Constant
	return Config{Workload: w, Duration: time.Second, ReplyTimeout: time.Second}
}

// After a stop the generator finds its timeout expired and the replies there.
func TestNoConnectionIsJudgedUnheard(t *testing.T) {
	for _, rate := range []float64{0, 1000} {
		g := unheard(t, unheardConfig(rate))
		stopped(g, time.Hour)
		g.expire(g.now())
		assert.NoError(t, g.errors.Err())
		assert.EqualValues(t, 20*8, g.requests)
	}
}

// The drain, too, reads the replies that have arrived before it ends.
func TestTheDrainEndsWithWhatHasCome(t *testing.T) {
	g := unheard(t, unheardConfig(1000))
	g.endWindow(g.now())
	g.phase, g.until = draining, g.now()
	g.advance(g.now())
	assert.Equal(t, over, g.phase)
	assert.Zero(t, g.unsent())
	assert.EqualValues(t, 20*8, g.requests)
}

// A silent connection is given up nevertheless.
func TestAfterReadingTheClockIsJudged(t *testing.T) {
	g := unheard(t, unheardConfig(1000))
	g.phase = over // sends no more
	g.readAll()
	for _, c := range g.conns[:3] {
		c.appendRequest(nil, request{sent: 2})
	}
	stopped(g, time.Hour)
	g.expire(g.now())
	assert.EqualValues(t, 3, g.errors.TimedOut)
}

// While a connection has no room for another request, the server causes the wait; the
// generator is late only from the reply on. (The server's whole queueing once counted
// as the generator's lateness.)
func TestTheServersQueueingIsNotTheGeneratorsLag(t *testing.T) {
	g := unheard(t, unheardConfig(1000))
	for _, c := range g.conns {
		require.Zero(t, c.room())
		g.outstanding++
		g.backlog++
		c.waiting.push(3) // due now; the replies come in an hour
	}
	sent := g.window.lag.TotalCount()
	stopped(g, time.Hour)
	for _, c := range g.conns {
		require.True(t, g.receive(c))
	}
	require.Equal(t, sent+int64(len(g.conns)), g.window.lag.TotalCount(), "they are sent")
	assert.Less(t, time.Duration(g.window.lag.Max()), time.Hour)
	assert.Zero(t, g.backlog)
}

// When a connection is given up, the requests that wait for it leave the backlog.
// Otherwise the backlog would fill up, with no room for the requests of other
// connections.
func TestAConnectionThatIsGivenUpLeavesNoBacklog(t *testing.T) {
	cfg := unheardConfig(1000)
	g := unheard(t, cfg)
	for i, c := range g.conns {
		for range 5 {
			g.outstanding++
			g.backlog++
			c.waiting.push(3)
		}
		g.fail(c, &g.errors.Broken, errClosed)
		left := len(g.conns) - i - 1
		require.Equal(t, left, g.open)
		require.Equal(t, left*cfg.Depth, g.outstanding)
		require.Zero(t, g.backlog)
	}
	assert.EqualValues(t, len(g.conns), g.errors.Broken)
	assert.EqualValues(t, len(g.conns)*cfg.Depth, g.errors.Unanswered)
	assert.EqualValues(t, len(g.conns)*5, g.unsent(), "they were never sent, and the result counts them")
}
