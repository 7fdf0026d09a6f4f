package servertest

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/exchanges"
	"github.com/ioflavors/ioflavors/common/server"
)

// unhurried are limits that no test reaches, so only the limit under test
// ends a connection.
var unhurried = server.Limits{IdleTimeout: -1, FrameTimeout: -1, WriteTimeout: -1, TurnLimit: -1}

// testDrain tests Shutdown: received requests are answered, and Shutdown
// waits for nothing else.
func testDrain(t *testing.T, target Target) {
	t.Run("a pipeline is answered to its end", func(t *testing.T) {
		srv := start(t, target, server.Config{Limits: unhurried})
		const requests = 20_000
		c := srv.dial()
		var pipeline []byte
		var replies [][]byte
		for i := range requests {
			put := c.Put(fmt.Sprint("key-", i%100), "a value of some bytes")
			pipeline, replies = append(pipeline, put.Request...), append(replies, put.Reply)
		}
		written := c.Start(pipeline)
		c.WantBytes(replies[0]) // the server is in the middle of the pipeline
		written()               // the server or its kernel has the rest
		down := srv.shutdown(srv.ctx)
		for _, reply := range replies[1:] {
			c.WantBytes(reply)
		}
		c.WantEnd()
		require.NoError(t, <-down)
		srv.wantServed()
		assert.EqualValues(t, requests, srv.books().Requests)
	})
	t.Run("large replies are sent to their end", func(t *testing.T) {
		srv := start(t, target, server.Config{Limits: unhurried})
		value := strings.Repeat("v", 500_000)
		requests := 100
		if target.again {
			requests = 20 // still more than sockets hold
		}
		c := srv.dial()
		c.ask(c.Put("k", value))
		get := c.Get("k", value)
		for range requests {
			c.Send(get.Request)
		}
		c.WantBytes(get.Reply)
		down := srv.shutdown(srv.ctx)
		for range requests - 1 {
			c.WantBytes(get.Reply)
		}
		c.WantEnd()
		require.NoError(t, <-down)
	})
	t.Run("idle connections do not delay Shutdown", func(t *testing.T) {
		srv := start(t, target, server.Config{Limits: unhurried})
		clients := srv.occupy(target)
		require.NoError(t, <-srv.shutdown(srv.ctx))
		for _, c := range clients {
			c.WantEnd()
		}
		assert.EqualValues(t, len(clients), srv.books().Closed[server.ClosedShutdown.String()])
	})
	t.Run("half a request does not delay Shutdown", func(t *testing.T) {
		srv := start(t, target, server.Config{Limits: unhurried})
		c := srv.dial()
		whole, half := c.Put("whole", "x"), c.Put("half", "x").Request
		c.Send(whole.Request, half[:len(half)/2])
		c.WantBytes(whole.Reply)
		require.NoError(t, <-srv.shutdown(srv.ctx))
		c.WantClosed()
	})
	t.Run("clients in the listen queue are served", func(t *testing.T) {
		srv := start(t, target, server.Config{Limits: unhurried})
		srv.occupy(target)
		var queued []*client
		var replies [][]byte
		for i := range 5 {
			c := srv.dial()
			put := c.Put(fmt.Sprint("queued-", i), "x")
			c.Send(put.Request)
			queued, replies = append(queued, c), append(replies, put.Reply)
		}
		down := srv.shutdown(srv.ctx)
		for i, c := range queued {
			c.WantBytes(replies[i])
			c.WantEnd()
		}
		require.NoError(t, <-down)
	})
	t.Run("a stuck client", func(t *testing.T) {
		srv := start(t, target, server.Config{Limits: unhurried})
		c := srv.dial()
		srv.stall(c)
		ctx, cancel := context.WithCancel(srv.ctx)
		cancel()
		require.ErrorIs(t, srv.Shutdown(ctx), context.Canceled)
		select {
		case err := <-srv.served:
			t.Fatalf("Serve returned with a client still there: %v", err)
		default:
		}
		require.NoError(t, srv.Close())
		srv.wantServed()
		assert.EqualValues(t, 1, srv.books().Closed[server.ClosedKilled.String()])
		c.WantClosed()
	})
	t.Run("a stuck client that goes on in time", func(t *testing.T) {
		srv := start(t, target, server.Config{Limits: unhurried})
		c := srv.dial()
		asked, get := srv.stall(c)
		ctx, cancel := context.WithCancel(srv.ctx)
		cancel()
		require.ErrorIs(t, srv.Shutdown(ctx), context.Canceled)
		for range asked {
			c.WantBytes(get.Reply)
		}
		c.WantEnd()
		require.NoError(t, srv.Shutdown(srv.ctx))
	})
}

// shutdown starts Shutdown, and returns its result later.
func (s *testServer) shutdown(ctx context.Context) <-chan error {
	done := make(chan error, 1)
	go func() { done <- s.Shutdown(ctx) }()
	return done
}

// stall makes c a slow reader: it requests far more than the buffers on the
// way hold, and reads nothing. stall returns the request, and how many times it was
// sent.
func (s *testServer) stall(c *client) (asked int, get exchanges.Exchange) {
	s.t.Helper()
	value := strings.Repeat("large ", 100_000)
	asked = 40
	c.ask(c.Put("large", value))
	get = c.Get("large", value)
	c.Send(bytes.Repeat(get.Request, asked))
	// The server sends a part of the replies, then nothing more.
	var sent int64
	for same := 0; same < 20; same++ {
		time.Sleep(2 * time.Millisecond)
		if now := s.books().BytesOut; now != sent {
			sent, same = now, 0
		}
	}
	require.Less(s.t, sent, int64(asked*len(get.Reply)), "bytes sent to a client that does not read")
	return asked, get
}
