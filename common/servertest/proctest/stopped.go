package proctest

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
	"github.com/ioflavors/ioflavors/common/server"
)

// testStoppedIdle lets clients send a request while the server is stopped
// for longer than its idle timeout. The server must read before it judges a
// client.
func testStoppedIdle(t *testing.T, target server.Variant) {
	request := probe.Put("k", "v")
	stopped(t, target, "--idle-timeout", probe.Get("before"), nil, request)
}

// testStoppedFrame lets the clients send the second half of a frame.
func testStoppedFrame(t *testing.T, target server.Variant) {
	request := probe.Put("k", "v")
	stopped(t, target, "--frame-timeout", probe.Get("before"), request[:10], request[10:])
}

// stopped lets clients send first and part. Then the server is stopped for
// longer than the timeout of flag, and meanwhile the clients send rest.
func stopped(t *testing.T, target server.Variant, flag string, first, part, rest []byte) {
	n := brief(400, 100) // more than a loop's batch of events
	if most := target.Clients; most > 0 {
		n = most
	}
	// On a slow machine the server may close some of them before the stop,
	// rightly. Then the test needs a longer timeout.
	for timeout := 300 * time.Millisecond; timeout < patience; timeout *= 2 {
		srv := start(t, target, append(unhurried(target), flag, timeout.String())...)
		clients := make([]*probe.Conn, n)
		for i := range clients {
			clients[i] = srv.dial()
		}
		if probe.Try(func(t probe.T) {
			for _, c := range clients {
				c.For(t).Send(first, part)
			}
			for _, c := range clients {
				c.For(t).Want(probe.Absent("before"))
			}
		}) != "" {
			continue
		}
		if !target.Spins {
			srv.eventually("the server waits for the clients", func() bool { return srv.usage().asleep })
		}
		srv.suspend()
		since := time.Now()
		if !allOpen(t, clients) {
			continue
		}
		for _, c := range clients {
			c.Send(rest)
		}
		time.Sleep(2*timeout - time.Since(since))
		srv.resume()
		resumed := time.Now()
		for _, c := range clients {
			c.Want(probe.Stored)
		}
		figureMs(t, "continued-until-all-answered-ms", time.Since(resumed))
		return
	}
	t.Fatal("clients are closed however long the timeout is")
}

// allOpen reports whether a stopped server has closed no connection before
// the stop: a FIN that it sent has arrived by now.
func allOpen(t *testing.T, clients []*probe.Conn) bool {
	t.Helper()
	for _, c := range clients {
		require.NoError(t, c.SetReadDeadline(time.Now().Add(time.Millisecond)))
		if c.Ended() {
			return false
		}
		require.NoError(t, c.SetReadDeadline(time.Time{}))
	}
	return true
}

// testStoppedWrite stops the server while it sends much to a client that
// always reads. When the server continues, the socket has room again, so the
// server must not time the client out, however late it is.
func testStoppedWrite(t *testing.T, target server.Variant) {
	const (
		requests = 100             // far more than all buffers hold
		timeout  = 2 * time.Second // a client reads something in this time, even on a slow machine
	)
	srv := start(t, target, append(unhurried(target), "--write-timeout", timeout.String())...)
	srv.put(largeKey, largeValue)
	c := srv.dial()
	c.Send(bytes.Repeat(probe.Get(largeKey), requests))
	c.Want(probe.Found(largeKey, largeValue))
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		srv.suspend()
		time.Sleep(2 * timeout)
		srv.resume()
	}()
	for range requests - 1 {
		c.Want(probe.Found(largeKey, largeValue))
	}
	<-stopped
}
