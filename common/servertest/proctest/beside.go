package proctest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/server"
)

// browser connects to the debug server.
func (s *testServer) browser() net.Conn {
	s.t.Helper()
	addr := strings.TrimSuffix(strings.TrimPrefix(s.debug, "http://"), "/debug/")
	c, err := net.DialTimeout("tcp", addr, patience)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = c.Close() })
	require.NoError(s.t, c.SetDeadline(time.Now().Add(patience)))
	return c
}

// testIdleBrowsers lets many connections to the debug server send a request and
// stay open. They must take no descriptors from later clients.
func testIdleBrowsers(t *testing.T, target server.Variant) {
	const limit, browsers, clients = 128, 110, 40
	srv := startIn(t, target, surroundings{descriptors: descriptors{limit: limit}}, unhurried(target)...)
	before := srv.usage().descriptors
	for range browsers {
		c := srv.browser()
		_, err := io.WriteString(c, "GET /debug/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
		require.NoError(t, err)
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		require.NoError(t, err, "the next client is answered although others stay")
		_, err = io.Copy(io.Discard, resp.Body)
		require.NoError(t, err)
	}
	figure(t, "descriptors-of-idle-http", "%d", srv.usage().descriptors-before)
	served := 0
	var in []guest
	for range clients {
		g := srv.guest().await()
		if g.served {
			served++
		}
		if in = append(in, g); target.Clients > 0 {
			g.Close() // the next one waits for that
		}
	}
	figure(t, "clients-served", "%d", served)
	require.Equal(t, clients, served)
	if target.Clients == 0 {
		remain(t, in)
	}
	srv.stats() // a later request to the debug server is answered, too
}

// testEndlessBody sends the debug server a body without an end, in which it would
// look up addresses of functions.
func testEndlessBody(t *testing.T, target server.Variant) {
	const most = 64 << 20 // bytes: more than sockets hold
	srv := start(t, target, unhurried(target)...)
	srv.visit("before")
	require.NoError(t, resetPeak(srv.Pid))
	before := srv.usage().rss
	c := srv.browser()
	_, err := io.WriteString(c, "POST /debug/pprof/symbol HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000000\r\n\r\n")
	require.NoError(t, err)
	// The server runs the same program as this test, so the function has the same
	// address there.
	address := fmt.Sprintf("%#x+", reflect.ValueOf(testEndlessBody).Pointer())
	words := []byte(strings.Repeat(address, 1<<12))
	sent := 0
	for sent < most && err == nil {
		var n int
		n, err = c.Write(words)
		sent += n
	}
	assert.Error(t, err, "the server closes the connection")
	growth := srv.usage().peak - before
	figureMiB(t, "peak-rss-growth-MiB", growth)
	assert.LessOrEqual(t, growth, int64(brief(16<<20, 64<<20)), "growth of resident memory at its peak, in bytes")
	srv.visit("after")
}
