package proctest

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
	"github.com/ioflavors/ioflavors/common/kvserver"
)

// testClaims lets clients announce a frame of a megabyte and send ten bytes
// of it. A model that blocks also lends a buffer for its read.
func testClaims(t *testing.T, target kvserver.Variant) {
	n := brief(1000, 100)
	if most := target.Clients; most > 0 {
		n = most
	}
	begin := probe.Put("k", strings.Repeat("v", 1_000_000))[:10]
	srv := start(t, target, unhurried(target)...)
	srv.visit("k")
	before := srv.stats()
	for range n {
		srv.dial().Send(begin)
	}
	st := srv.counted("the server has read all bytes", func(st kvserver.Stats) bool {
		return st.BytesIn-before.BytesIn == int64(n*len(begin))
	})
	assert.LessOrEqual(t, st.BufferBytes, int64(n)*(8<<10), "bytes of buffers for %d clients", n)
	figure(t, "buffer-KiB-per-connection", "%.2f", float64(st.BufferBytes)/float64(n)/1024)
}

// testStorm connects many clients at a time, each for one request.
func testStorm(t *testing.T, target kvserver.Variant) {
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
