package proctest

import (
	"bytes"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servertest/dialogue"
)

// atOnce is the number of clients that connect at a time. In a model that
// serves one client at a time they queue.
const atOnce = 20

// come connects n clients, atOnce at a time, and calls visit with each of
// them and its number.
func (s *testServer) come(n int, visit func(c *probe.Conn, i int)) {
	s.t.Helper()
	probe.Concurrently(s.t, atOnce, func(t probe.T, first int) {
		for i := first; i < n; i += atOnce {
			visit(probe.Dial(s.ctx, t, s.addr), i)
		}
	})
}

// testFIN lets clients end their streams, half of them inside a frame.
func testFIN(t *testing.T, target server.Variant, p dialogue.Protocol) {
	srv := startWith(t, target, p, unhurried(target)...)
	half := p.Open().Put("k", "v").Request[:10]
	n := brief(2000, 400)
	leave := func(n int) {
		srv.come(n, func(c *probe.Conn, i int) {
			if i%2 == 0 {
				srv.talk(c, "k")
			} else {
				c.Send(half)
			}
			c.Close()
		})
		srv.settle()
	}
	leave(2 * atOnce) // one-time allocations happen here
	before := srv.usage().descriptors
	leave(n)

	srv.wantClosed(server.ClosedByPeer, int64(n/2+atOnce))
	srv.wantClosed(server.ClosedTruncated, int64(n/2+atOnce))
	srv.wantDescriptors(before)
	srv.wantRest(target)
	srv.visit("k")
}

// testRST lets clients reset their connections, half of them inside a
// request, half inside a reply.
func testRST(t *testing.T, target server.Variant) {
	srv := start(t, target, unhurried(target)...)
	srv.put(largeKey, largeValue)
	n := brief(300, 60)
	leave := func(n int) {
		srv.come(n, func(c *probe.Conn, i int) {
			if i%2 == 0 {
				c.Send(probe.Put("k", "v")[:10])
			} else {
				_ = c.SetReadBuffer(64 << 10)
				c.Send(bytes.Repeat(probe.Get(largeKey), 40)) // more than all buffers hold
				_, _ = c.Read(make([]byte, 100))
			}
			c.Reset()
		})
		srv.settle()
	}
	leave(2 * atOnce)
	before := srv.usage().descriptors
	leave(n)

	srv.wantDescriptors(before)
	figure(t, "descriptor-growth", "%d", srv.usage().descriptors-before)
	// Both groups are counted together: a client that resets inside its request may
	// still be in the listen queue when its group has left, and be accepted later.
	all := int64(n + 2*atOnce)
	broken := srv.stats().Closed[server.ClosedBroken.String()]
	assert.GreaterOrEqual(t, broken, all/2, "connections that broke inside a reply, and others")
	require.LessOrEqual(t, broken, all)
	srv.visit("k")
}

// testStorm connects many clients at a time, each for one request.
func testStorm(t *testing.T, target server.Variant) {
	const atOnce = 250
	visits := brief(5000, 1000) / atOnce
	srv := start(t, target, unhurried(target)...)
	var mu sync.Mutex
	var times []time.Duration
	probe.Concurrently(t, atOnce, func(t probe.T, i int) {
		for n := range visits {
			key := fmt.Sprintf("client %d.%d", i, n)
			began := time.Now()
			c := probe.Dial(srv.ctx, t, srv.addr)
			c.Send(probe.Put(key, "x"))
			c.Want(probe.Stored)
			took := time.Since(began)
			c.Close()
			mu.Lock()
			times = append(times, took)
			mu.Unlock()
		}
	})
	figure(t, "clients-served", "%d", len(times))
	figureTimes(t, "connect-and-put", times)
}
