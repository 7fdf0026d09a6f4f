//go:build unix

package load

import (
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/kv"
	"github.com/ioflavors/ioflavors/common/store"
)

// unheard returns a generator whose requests have all been answered, and that has
// read nothing since: as after it was stopped.
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
	g, err := newGenerator(t.Context(), cfg, dataOf(cfg.Workload), mixOf(cfg.Workload, 1))
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

// stopped lets the generator's clock go on without it.
func stopped(g *generator, d time.Duration) { g.clock = g.clock.Add(-d) }

// answerKnown answers a whole batch in one write, each request rightly.
func answerKnown(c net.Conn, cfg Config) {
	defer c.Close()
	h := kv.NewHandler(store.New(0))
	d := dataOf(cfg.Workload)
	answerAll(h, nil, fillUp(&pipeline{data: d, flight: make([]request, cfg.Keys)}, nil, &fill{keys: cfg.Keys}, 0))
	batch := make([]byte, d.get.size*cfg.Depth)
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
	w.Connections, w.Depth, w.Rate, w.Arrivals = 20, 8, rate, Constant
	return Config{Workload: w, Duration: time.Second, ReplyTimeout: time.Second}
}

// A generator that was stopped finds its clock run out and the replies there.
func TestNoConnectionIsJudgedUnheard(t *testing.T) {
	for _, rate := range []float64{0, 1000} {
		g := unheard(t, unheardConfig(rate))
		stopped(g, time.Hour)
		g.expire(g.now())
		assert.NoError(t, g.errors.Err())
		assert.EqualValues(t, 20*8, g.requests)
	}
}

// Nor are the requests that an open loop still waits for.
func TestTheDrainEndsWithWhatHasCome(t *testing.T) {
	g := unheard(t, unheardConfig(1000))
	g.endWindow(g.now())
	g.phase, g.until = draining, g.now()
	g.advance(g.now())
	assert.Equal(t, over, g.phase)
	assert.Zero(t, g.unsent())
	assert.EqualValues(t, 20*8, g.requests)
}

// A connection that is silent is given up nevertheless.
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
