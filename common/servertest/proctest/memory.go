package proctest

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servertest/dialogue"
)

// testClaims lets clients announce a frame of a megabyte and send ten bytes
// of it. A model that blocks also lends a buffer for its read.
func testClaims(t *testing.T, target server.Variant) {
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
	st := srv.counted("the server has read all bytes", func(st server.Stats) bool {
		return st.BytesIn-before.BytesIn == int64(n*len(begin))
	})
	assert.LessOrEqual(t, st.BufferBytes, int64(n)*(8<<10), "bytes of buffers for %d clients", n)
	figure(t, "buffer-KiB-per-connection", "%.2f", float64(st.BufferBytes)/float64(n)/1024)
}

// testHalfFrames lets clients send halves of large requests, several times the
// limit of all buffers, and wait. A neighbour with small requests must be served
// all the time. In a model that serves few clients at once, most of the bytes
// stay in the kernel.
func testHalfFrames(t *testing.T, target server.Variant, p dialogue.Protocol) {
	const limit = 64 << 20
	clients := brief(500, 200)
	half := p.Open().Put("k", strings.Repeat("v", 1<<20-100)).Request[:512<<10]

	srv := startWith(t, target, p, append(unhurried(target), "--memory-limit", "64MiB")...)
	srv.visit("before")
	require.NoError(t, resetPeak(srv.Pid))
	before := srv.usage().rss
	var neighbour *probe.Conn
	if !target.OneAtATime() {
		neighbour = srv.dial()
		srv.talk(neighbour, "k")
	}

	crowd := make([]*probe.Conn, clients)
	for i := range crowd {
		crowd[i] = srv.dial()
		crowd[i].Start(half) // written when the server reads it, or never
		if neighbour != nil && i%5 == 0 {
			srv.talk(neighbour, "k")
		}
	}
	within := func(st server.Stats) {
		require.LessOrEqual(t, st.BufferBytes, int64(limit), "bytes of buffers")
	}
	taken := int64(0)
	if n := target.Clients; n > 0 {
		if neighbour != nil {
			n--
		}
		srv.counted("the server has read the clients that it serves", func(st server.Stats) bool {
			within(st)
			return st.BytesIn >= int64(n*len(half))
		})
	} else {
		srv.counted("every client was accepted, and one was closed for lack of memory", func(st server.Stats) bool {
			within(st)
			same := st.BytesIn == taken
			taken = st.BytesIn
			return same && int(st.Accepted) >= clients && st.Closed[server.ClosedMemory.String()] > 0
		})
	}
	u := srv.usage()
	figureMiB(t, "rss-growth-MiB", u.rss-before)
	figureMiB(t, "peak-rss-growth-MiB", u.peak-before)
	most := int64(3 * limit) // the collector lets garbage grow to the size of the live memory
	if raceDetector {
		most *= 8
	}
	assert.LessOrEqual(t, u.peak-before, most, "growth of resident memory at its peak, in bytes")

	if neighbour != nil {
		for range 100 {
			srv.talk(neighbour, "k")
		}
		neighbour.Close()
	}
	for _, c := range crowd {
		c.Close()
	}
	srv.counted("all buffers are given back", func(st server.Stats) bool { return st.Active == 0 && st.BufferBytes == 0 })
	srv.visit("after")
}

// testUnreadValues lets slow readers request a large value and read nothing. The
// replies kept by the server stay within the memory limit, and on Linux the kernel
// keeps few of them. Once each reply left garbage of its own size, and the kernel
// took the whole reply. A client that reads its replies gets them meanwhile.
func testUnreadValues(t *testing.T, target server.Variant) {
	const limit, slack = 16 << 20, 32 << 20
	clients := brief(200, 100)
	if n := target.Clients; n > 0 {
		clients = n
	}
	srv := start(t, target, append(unhurried(target), "--memory-limit", "16MiB")...)
	value := strings.Repeat("v", 1<<20-100)
	srv.put(largeKey, value)
	require.NoError(t, resetPeak(srv.Pid))
	before := srv.usage().rss
	sent := srv.stats().BytesOut
	for range clients {
		c := srv.dial()
		require.NoError(t, c.SetReadBuffer(64<<10))
		c.Send(probe.Get(largeKey))
	}
	var last int64
	same := 0
	st := srv.counted("every client has sent its request, and the kernel takes no more", func(st server.Stats) bool {
		require.LessOrEqual(t, st.BufferBytes, int64(limit), "bytes of buffers")
		if same++; st.BytesOut != last {
			last, same = st.BytesOut, 0
		}
		return st.Accepted >= int64(clients)+1 && same >= 20 && st.BufferBytes <= limit*3/4
	})
	kernel := (st.BytesOut - sent) / int64(clients)
	figure(t, "kernel-KiB-per-client", "%d", kernel>>10)
	assert.LessOrEqual(t, kernel, int64(768<<10), "bytes that the kernel keeps of a client's replies, on both sides")
	growth := srv.usage().peak - before
	figureMiB(t, "peak-rss-growth-MiB", growth)
	most := int64(limit + slack)
	if raceDetector {
		most *= 8
	}
	assert.LessOrEqual(t, growth, most, "growth of resident memory at its peak, in bytes")
	if target.Clients > 0 {
		return // no other client is served meanwhile
	}
	for range 10 {
		c := srv.dial()
		c.Send(probe.Get(largeKey))
		c.Want(probe.Found(largeKey, value))
		c.Close()
	}
}

// testGrowingFrames lets clients send large frames in pieces, again and again, and
// never their ends. Each piece makes a buffer grow, and the old buffer becomes garbage.
// The collector once let the garbage become three times the limit.
func testGrowingFrames(t *testing.T, target server.Variant) {
	if target.Clients > 0 {
		return // few clients at a time hold little memory
	}
	const limit, slack, pieces = 64 << 20, 48 << 20, 9 // the collector's limit is a soft one
	clients := brief(400, 100)
	frame := probe.Put("k", strings.Repeat("v", 1<<20-100))
	srv := start(t, target, append(unhurried(target), "--memory-limit", "64MiB")...)
	srv.visit("before")
	require.NoError(t, resetPeak(srv.Pid))
	crowd := make([]*probe.Conn, clients)
	for i := range crowd {
		crowd[i] = srv.dial()
	}
	for piece := range pieces {
		for i, c := range crowd {
			if _, err := c.Write(frame[piece*100_000 : (piece+1)*100_000]); err != nil {
				crowd[i] = srv.dial() // it was closed for lack of memory, and begins again
			}
		}
	}
	var taken int64
	srv.counted("everything was read, and a client was closed for lack of memory", func(st server.Stats) bool {
		same := st.BytesIn == taken
		taken = st.BytesIn
		return same && st.Closed[server.ClosedMemory.String()] > 0
	})
	u := srv.usage()
	figureMiB(t, "peak-rss-MiB", u.peak)
	most := int64(limit + slack)
	if raceDetector {
		most *= 8
	}
	assert.LessOrEqual(t, u.peak, most, "resident memory at its peak, in bytes")
}

// testStaleHalves lets clients fill the memory with parts of frames, each smaller
// than an honest client's put, and stay. Once the server closed the honest client
// each time, because it held most. A model that serves few clients at once cannot
// be filled like this.
func testStaleHalves(t *testing.T, target server.Variant) {
	if target.Clients > 0 {
		return
	}
	const limit, attackers, puts = 16 << 20, 120, 20
	half := probe.Put("k", strings.Repeat("v", 500_000))[:120_000] // in 128 KiB, of which there is room for 96
	srv := start(t, target, append(unhurried(target), "--memory-limit", "16MiB")...)
	for range attackers {
		srv.dial().Start(half)
	}
	var taken int64
	srv.counted("memory is short", func(st server.Stats) bool {
		same := st.BytesIn == taken
		taken = st.BytesIn
		return same && st.Accepted >= attackers && st.Closed[server.ClosedMemory.String()] > 0 && st.BufferBytes <= limit*3/4
	})
	large := probe.Put("large", strings.Repeat("v", 500_000))
	answered := 0
	for range puts {
		c := srv.dial()
		if probe.Try(func(t probe.T) {
			c := c.For(t)
			c.Send(large)
			c.Want(probe.Stored)
		}) == "" {
			answered++
		}
		c.Close()
	}
	figure(t, "large-puts-answered", "%d", answered)
	assert.Equal(t, puts, answered, "puts of 500 kB answered")
}

// testDeepGroups lets clients send nested groups and stay. A recursive parser
// takes stack for each group, and a goroutine's stack stays as large as it has
// become.
func testDeepGroups(t *testing.T, target server.Variant) {
	const (
		depth   = 9_999
		opening = 5<<3 | 3 // the tag of an unknown group
		most    = 64 << 10 // bytes for each client,
		slack   = 4 << 20  // and for the rest of the server's work
	)
	deep := probe.Frame(bytes.Repeat([]byte{opening}, depth))
	n := brief(200, 50)
	if atOnce := target.Clients; atOnce > 0 {
		n = atOnce
	}
	srv := start(t, target, unhurried(target)...)
	clients := make([]*probe.Conn, n)
	for i := range clients {
		clients[i] = srv.dial()
		talk(clients[i], "k") // the server has now allocated what every client needs
	}
	require.NoError(t, resetPeak(srv.Pid))
	before := srv.usage().rss
	for _, c := range clients {
		c.Send(deep)
	}
	for _, c := range clients {
		c.WantError(0)
	}
	growth := srv.usage().peak - before
	figure(t, "peak-rss-growth-KiB-per-connection", "%.2f", float64(growth)/float64(n)/1024)
	limit := int64(n*most + slack)
	if raceDetector {
		limit *= 4 // the detector keeps shadows of all memory
	}
	assert.LessOrEqual(t, growth, limit, "growth of resident memory at its peak, in bytes, with %d clients", n)
	for _, c := range clients {
		talk(c, "k")
	}
}
