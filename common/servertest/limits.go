package servertest

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/server"
)

// testLimits tests that no client can make a server use more of any resource
// than its configuration allows.
func testLimits(t *testing.T, target Target) {
	t.Run("connections", func(t *testing.T) { testMaxConns(t, target) })
	t.Run("connections of an address", func(t *testing.T) { testMaxConnsPerPeer(t, target) })
	t.Run("output", func(t *testing.T) { testOutputLimit(t, target) })
	t.Run("memory", func(t *testing.T) { testMemoryLimit(t, target) })
	t.Run("frames", func(t *testing.T) {
		l := unhurried
		l.MaxFrame = 100
		srv := start(t, target, server.Config{Limits: l})
		c := srv.dial()
		c.ask(srv.protocol.TooLong(l.MaxFrame))
		c.WantEnd()
		c.Close()
		srv.wantClosed(server.ClosedTooLong, 1)
	})
	t.Run("claims", func(t *testing.T) {
		srv := start(t, target, server.Config{Limits: unhurried})
		c := srv.dial()
		small, large := c.Put("k", "v"), c.Put("k", strings.Repeat("v", 1_000_000))
		c.Send(small.Request, large.Request[:10])
		c.WantBytes(small.Reply)
		// The buffer for a request follows the received bytes, here ten. A model that
		// blocks also lends a buffer for its read.
		srv.eventually("little is lent for a large claim", func(st server.Stats) bool { return st.BufferBytes <= 8<<10 })
	})
}

func testMaxConns(t *testing.T, target Target) {
	l := unhurried
	l.MaxConns = max(2, target.Clients)
	srv := start(t, target, server.Config{Limits: l})
	clients := srv.occupy(target)
	if target.Clients == 0 {
		for i := range 5 {
			c := srv.dial()
			c.WantBytes(srv.protocol.Refusal(fmt.Sprintf("refused: all %d connections are in use", l.MaxConns)))
			c.WantEnd()
			c.Close()
			srv.wantClosed(server.ClosedRefused, int64(i+1))
		}
		// The served clients notice nothing.
		for _, c := range clients {
			c.talk("k")
		}
		clients[0].Close()
		srv.eventually("one client is left", func(st server.Stats) bool { return st.Active == 1 })
		srv.visit("k")
		return
	}
	// No client is refused: the next one waits until another leaves.
	next := srv.dial()
	put := next.Put("next", "x")
	next.Send(put.Request)
	for _, c := range clients {
		c.talk("k")
	}
	clients[0].Close()
	next.WantBytes(put.Reply)
	assert.Zero(t, srv.books().Closed[server.ClosedRefused.String()])
}

// testMaxConnsPerPeer lets one address take all connections that it may have.
// Other addresses are served, and so is a new client of that address after another
// has left.
func testMaxConnsPerPeer(t *testing.T, target Target) {
	const most = 2
	if n := target.Clients; n > 0 && n <= most {
		return
	}
	l := unhurried
	l.MaxConnsPerPeer = most
	srv := start(t, target, server.Config{Limits: l})
	first, second := srv.dial(), srv.dial()
	first.talk("k")
	second.talk("k")
	for i := range 5 {
		c := srv.dial()
		c.WantBytes(srv.protocol.Refusal(fmt.Sprintf("refused: all %d connections of this address are in use", most)))
		c.WantEnd()
		c.Close()
		srv.wantClosed(server.ClosedRefused, int64(i+1))
	}
	if runtime.GOOS == "linux" { // there all of 127.0.0.0/8 is this machine
		other := srv.dialFrom("127.0.0.2")
		defer other.Close()
		put := srv.protocol.Open().Put("k", "v")
		_, err := other.Write(put.Request)
		require.NoError(t, err)
		_, err = io.ReadFull(other, make([]byte, len(put.Reply)))
		require.NoError(t, err)
		for range 50 {
			first.Close()
			// The kernel may accept the next connection before it handles the FIN of
			// this one.
			srv.attempt(func(c *client) {
				first.Close() // one that was refused
				first = c
				c.talk("k")
			})
		}
	}
	first.Close()
	srv.eventually("one client has left", func(st server.Stats) bool { return st.Active <= most })
	second.talk("k")
	srv.visit("k")
}

// testOutputLimit lets a client request much more than it reads. The server
// must neither keep all the replies nor lose any.
func testOutputLimit(t *testing.T, target Target) {
	// A reply of 600 kB that exceeds the limit is completed. Its buffer may be
	// twice its size, or four times while it grows. All replies together would
	// be 60 MB.
	const most = 4 * (1<<20 + 600_000)
	for _, limit := range []int{64 << 10, 1 << 20} {
		l := unhurried
		l.OutputLimit = limit
		srv := start(t, target, server.Config{Limits: l})
		c := srv.dial()
		// The server can send only a little at a time, so sent, partly sent and not
		// yet made replies exist side by side.
		require.NoError(t, c.SetReadBuffer(64<<10))
		asked, get := srv.stall(c)
		for range asked {
			require.LessOrEqual(t, srv.books().BufferBytes, int64(most), "limit %d", limit)
			c.WantBytes(get.Reply)
		}
		c.talk("k") // the client can continue
		c.Close()
	}
}

// testHoarders lets clients fill the memory with parts of requests. Other clients,
// with small requests, must not be affected.
func testHoarders(t *testing.T, target Target) {
	if target.Clients > 0 {
		return // the others are not accepted yet
	}
	l := unhurried
	l.MemoryLimit, l.MaxConns = 16<<20, 128 // an even share is 64 KiB
	srv := start(t, target, server.Config{Limits: l})
	modest := make([]*client, 10)
	for i := range modest {
		modest[i] = srv.dial()
		modest[i].talk("modest")
	}
	part := srv.protocol.Open().Put("k", strings.Repeat("v", 1_000_000)).Request[:500_000]
	const hoarders = 60 // with 512 KiB each
	for i := range hoarders {
		srv.dial().Start(part)
		modest[i%len(modest)].talk("modest")
	}
	srv.eventually("some hoarders are closed, few more than memory requires", func(st server.Stats) bool {
		require.LessOrEqual(t, st.BufferBytes, l.MemoryLimit)
		closed := st.Closed[server.ClosedMemory.String()]
		require.LessOrEqual(t, closed, int64(hoarders-15))
		return closed >= hoarders-24
	})
	for _, c := range modest {
		c.talk("modest")
	}
}

// testMemoryLimit lets clients claim more than all buffers together may hold.
// The server closes some of them; the limit holds, and later clients are
// served.
func testMemoryLimit(t *testing.T, target Target) {
	l := unhurried
	l.MemoryLimit = 1 << 20
	srv := start(t, target, server.Config{Limits: l})
	large := srv.protocol.Open().Put("k", strings.Repeat("v", 1_000_000)).Request

	t.Log("one client")
	c := srv.dial()
	c.Start(large)
	c.WantClosed()
	srv.wantClosed(server.ClosedMemory, 1)
	srv.visit("k")

	n := 20
	if target.Clients > 0 {
		n = 1 // clients in the listen queue have no buffer yet
	}
	testHoarders(t, target)
	t.Log("many clients, each with part of a request")
	clients := make([]*client, n)
	for i := range clients {
		clients[i] = srv.dial()
		clients[i].Start(large[:300_000])
	}
	srv.eventually("the limit holds, and a client was closed for it", func(st server.Stats) bool {
		require.LessOrEqual(t, st.BufferBytes, l.MemoryLimit)
		return n == 1 || st.Closed[server.ClosedMemory.String()] > 1
	})
	for _, c := range clients {
		c.Close()
	}
	srv.settle()
	srv.visit("k")
}
