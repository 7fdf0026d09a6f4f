package servertest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servertest/dialogue"
)

// ways are the ways in which clients connect and leave.
var ways = []func(p dialogue.Protocol, c *client, key string){
	func(_ dialogue.Protocol, c *client, key string) { c.talk(key); c.Close() },
	func(_ dialogue.Protocol, c *client, key string) { c.talk(key); c.Reset() },
	func(_ dialogue.Protocol, c *client, _ string) { c.Close() },
	func(_ dialogue.Protocol, c *client, _ string) { c.Reset() },
	func(_ dialogue.Protocol, c *client, key string) { c.Send(c.Put(key, "x").Request[:10]); c.Close() },
	func(_ dialogue.Protocol, c *client, key string) { c.Send(c.Put(key, "x").Request[:10]); c.Reset() },
	func(_ dialogue.Protocol, c *client, key string) { // the replies meet a RST
		c.Send(c.Put(key, "x").Request, c.Get(key, "x").Request)
		c.Close()
	},
	func(_ dialogue.Protocol, c *client, key string) {
		put := c.Put(key, "x")
		c.Send(put.Request)
		c.HalfClose()
		c.WantBytes(put.Reply)
		c.WantEnd()
		c.Close()
	},
	func(p dialogue.Protocol, c *client, _ string) {
		c.Send(p.NoRequest.Request, []byte("\r\n"))
		c.WantBytes(p.NoRequest.Reply)
		c.WantEnd()
		c.Close()
	},
	func(p dialogue.Protocol, c *client, key string) {
		c.talk(key)
		if len(p.Quit.Request) > 0 {
			c.ask(p.Quit)
			c.WantEnd()
		}
		c.Close()
	},
}

// testChurn lets many clients connect and leave in every way. Nothing of them
// may remain: no connection, no descriptor, no thread. (Goroutines are
// checked at the end of every server.)
func testChurn(t *testing.T, target Target) {
	total := 10_000
	if testing.Short() || target.again {
		total = 1_000
	}
	const atOnce = 16 // in a model that serves one client at a time they queue
	srv := start(t, target, server.Config{})
	churn := func(clients int) {
		probe.Concurrently(t, atOnce, func(t probe.T, i int) {
			for n := range clients / atOnce {
				failure := probe.Try(func(t probe.T) {
					key := fmt.Sprintf("client-%d-%d", i, n)
					ways[(i+n)%len(ways)](srv.protocol, srv.connect(t), key)
				})
				if failure != "" {
					t.Fatalf("visit %d: %s", n, failure)
				}
			}
		})
		srv.settle()
	}
	churn(atOnce * len(ways)) // one-time allocations happen here
	before := usage()
	accepted := srv.books().Accepted
	churn(total)

	assert.InDelta(t, total, srv.books().Accepted-accepted, float64(total)/2,
		"connections (one that is reset while it still waits in the listen queue need not be accepted)")
	srv.visit("afterwards")
	srv.settle()
	require.EventuallyWithT(t, func(t *assert.CollectT) {
		now := usage()
		assert.LessOrEqual(t, now.descriptors, before.descriptors, "descriptors")
		// The runtime keeps threads that it once needed, so their number varies; it
		// must not grow with the number of clients.
		assert.LessOrEqual(t, now.threads, before.threads+total/20, "threads")
	}, patience, 10*time.Millisecond)
}

// resources are the numbers of descriptors and threads of a process.
type resources struct{ descriptors, threads int }
