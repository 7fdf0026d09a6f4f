package proctest

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
	"github.com/ioflavors/ioflavors/common/kvserver"
)

// testDeepGroups lets clients send nested groups and stay. A recursive parser
// takes stack for each group, and a goroutine's stack stays as large as it has
// become.
func testDeepGroups(t *testing.T, target kvserver.Variant) {
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
