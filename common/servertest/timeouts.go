package servertest

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
	"github.com/ioflavors/ioflavors/common/server"
)

// testTimeouts tests that each kind of slow client loses its connection,
// with its own reason. In each test one limit is short, and there is no
// other limit.
func testTimeouts(t *testing.T, target Target) {
	const short = 50 * time.Millisecond
	limited := func(set func(*server.Limits)) server.Config {
		l := unhurried
		set(&l)
		return server.Config{Limits: l}
	}
	idle := limited(func(l *server.Limits) { l.IdleTimeout = short })
	frame := limited(func(l *server.Limits) { l.FrameTimeout = short })
	write := limited(func(l *server.Limits) { l.WriteTimeout = 4 * short })

	if !target.again { // clocks that know nothing of a session's state
		t.Run("idle from the start", func(t *testing.T) {
			srv := start(t, target, idle)
			srv.dial().WantEnd()
			srv.wantClosed(server.ClosedIdle, 1)
		})
		t.Run("idle after a request that fills the read buffer", func(t *testing.T) {
			// A server that takes a full read buffer as a sign of more data would wait
			// for that data. How much it reads at a time depends on the bytes received
			// so far.
			srv := start(t, target, idle)
			for i := range 8 {
				srv.attempt(func(c *client) {
					const buffer = 64 << 10
					sample := srv.protocol.Open().Put("k", strings.Repeat("v", 1<<14)) // from this size on, lengths take as many bytes
					put := c.Put("k", strings.Repeat("v", buffer-(len(sample.Request)-1<<14)))
					assert.Len(t, put.Request, buffer)
					c.ask(put)
					c.WantEnd()
				})
				srv.eventually("it is closed as idle", func(st server.Stats) bool { return st.Closed[server.ClosedIdle.String()] > int64(i) })
			}
		})
		t.Run("a request that waits behind a silent client", func(t *testing.T) {
			srv := start(t, target, idle)
			silent := max(2, target.Clients)
			for range silent {
				srv.dial()
			}
			srv.attempt(func(c *client) { c.talk("k") })
			srv.eventually("they are closed as idle", func(st server.Stats) bool {
				return st.Closed[server.ClosedIdle.String()] >= int64(silent)
			})
		})
	}
	t.Run("idle after a request", func(t *testing.T) {
		srv := start(t, target, idle)
		srv.attempt(func(c *client) {
			c.talk("k")
			c.WantEnd()
		})
		srv.eventually("it is closed as idle", func(st server.Stats) bool { return st.Closed[server.ClosedIdle.String()] > 0 })
	})
	t.Run("a frame that stops", func(t *testing.T) {
		srv := start(t, target, frame)
		for i, length := range []int{1, 3, 4, 5} {
			c := srv.dial()
			c.Send(c.Put("key", "value").Request[:length])
			c.WantEnd()
			srv.wantClosed(server.ClosedSlowFrame, int64(i+1))
		}
		srv.visit("k")
	})
	t.Run("a frame that dribbles", func(t *testing.T) {
		srv := start(t, target, frame)
		c := srv.dial()
		request := c.Put("k", strings.Repeat("v", 1<<19)).Request
		stopped := make(chan struct{})
		go func() { // a byte now and then, each of them progress
			defer close(stopped)
			for i := range request {
				if _, err := c.Write(request[i : i+1]); err != nil {
					return
				}
				time.Sleep(short / 10)
			}
		}()
		c.WantClosed()
		<-stopped
		srv.wantClosed(server.ClosedSlowFrame, 1)
	})
	t.Run("whole frames restart the frame's clock", func(t *testing.T) {
		long := 10 * short
		if target.again {
			long = 3 * short
		}
		srv := start(t, target, limited(func(l *server.Limits) { l.FrameTimeout = long }))
		srv.attempt(func(c *client) {
			// Each write ends one request and begins the next, so there is always an
			// incomplete one, for longer than one request may take.
			put := c.Put("k", "v")
			c.Send(put.Request[:5])
			for begun := time.Now(); time.Since(begun) < 2*long; {
				next := c.Put("k", "v")
				c.Send(put.Request[5:], next.Request[:5])
				c.WantBytes(put.Reply)
				put = next
				time.Sleep(short / 10)
			}
			c.Send(put.Request[5:])
			c.WantBytes(put.Reply)
		})
	})
	t.Run("a reader that stops", func(t *testing.T) {
		srv := start(t, target, write)
		c := srv.dial()
		value := strings.Repeat("v", 900_000)
		c.ask(c.Put("k", value))
		c.Send(bytes.Repeat(c.Get("k", value).Request, 100))
		srv.wantClosed(server.ClosedSlowReader, 1)
		c.WantClosed()
		srv.visit("k2")
	})
	t.Run("no write limit", func(t *testing.T) {
		const asked = 40
		value := strings.Repeat("large ", 100_000)
		srv := start(t, target, idle)
		srv.attempt(func(c *client) {
			c.ask(c.Put("large", value))
			get := c.Get("large", value)
			c.Send(bytes.Repeat(get.Request, asked))
			// While the server waits for this client to read, the time passes after
			// which it would have been idle.
			time.Sleep(2 * short)
			for range asked {
				c.WantBytes(get.Reply)
			}
			c.WantEnd()
		})
	})
}

// attempt calls f with new clients until it succeeds once. It is for servers
// with limits so short that a client on a slow machine may be late, and for
// events whose order the kernel does not fix.
func (s *testServer) attempt(f func(*client)) {
	s.t.Helper()
	for {
		failure := probe.Try(func(t probe.T) { f(s.connect(t)) })
		if failure == "" {
			return
		}
		if s.ctx.Err() != nil {
			s.t.Fatalf("%s; %+v", failure, s.Stats())
		}
	}
}

// testTurns connects clients that never pause, as many as the model serves at
// once, and one more. In a model in which the additional client waits, another
// must give way to it, at the end of a reply; in other models none must.
func testTurns(t *testing.T, target Target) {
	l := unhurried
	l.TurnLimit = 20 * time.Millisecond
	srv := start(t, target, server.Config{Limits: l})

	busy := srv.occupy(target)
	results := make(chan busyResult, len(busy))
	stop := make(chan struct{})
	for _, c := range busy {
		go func() { results <- keepBusy(c, stop) }()
	}
	srv.visit("waiting")
	close(stop)
	gaveWay := 0
	for range busy {
		r := <-results
		require.Empty(t, r.failure)
		if r.gaveWay {
			gaveWay++
		}
	}

	turns := srv.books().Closed[server.ClosedTurn.String()]
	if target.Clients > 0 {
		assert.Positive(t, turns, "a client must have given way")
		assert.Positive(t, gaveWay, "clients whose connection ended")
	} else {
		assert.Zero(t, turns, "no client has to give way")
		assert.Zero(t, gaveWay, "clients whose connection ended")
	}
}

type busyResult struct {
	gaveWay bool // the server ended the connection, between two replies
	failure string
}

// keepBusy sends requests without pause until stop, or until the server ends
// the connection.
func keepBusy(c *client, stop <-chan struct{}) (r busyResult) {
	get := c.Get("occupied", "value-of-occupied")
	r.failure = probe.Try(func(t probe.T) {
		c := c.For(t)
		for {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := c.Write(get.Request); err != nil || c.Ended() {
				r.gaveWay = true
				return
			}
			c.WantBytes(get.Reply)
		}
	})
	return r
}
