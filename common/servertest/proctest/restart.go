package proctest

import (
	"bytes"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
	"github.com/ioflavors/ioflavors/common/kvserver"
)

// testRestart kills the server while clients keep it busy, and at once starts another
// one on the same port, where connections of the killed server may linger. The kernel
// may take a moment to close what the dead process's io_uring still uses, including the
// listener, and longer on a busy machine. So the test waits for the port, and publishes
// how often it was still in use.
func testRestart(t *testing.T, target kvserver.Variant) {
	addr := net.JoinHostPort(ownHost(), "0")
	var times []time.Duration
	killed := time.Time{}
	failures := 0
	for range brief(11, 4) {
		if !killed.IsZero() {
			failures += waitForPort(t, addr)
		}
		srv := start(t, target, append(unhurried(target), "--addr", addr)...)
		addr = srv.addr
		srv.visit("k")
		if !killed.IsZero() {
			times = append(times, time.Since(killed))
		}
		ended := srv.load(4)
		srv.counted("it is busy", func(st kvserver.Stats) bool { return st.Requests > 1000 })
		killed = time.Now()
		require.NoError(t, srv.Kill())
		<-srv.exited
		ended()
	}
	figure(t, "bind-failures", "%d", failures)
	figureTimes(t, "killed-until-served", times)
}

// waitForPort waits until a socket can listen on addr, and returns how often it could
// not. It waits less than the minute for which a dead server's connections linger.
func waitForPort(t *testing.T, addr string) (failures int) {
	t.Helper()
	for begun := time.Now(); ; failures++ {
		ln, err := net.Listen("tcp", addr)
		if err == nil {
			require.NoError(t, ln.Close())
			return failures
		}
		require.Less(t, time.Since(begun), patience/2, err)
		time.Sleep(time.Millisecond)
	}
}

// load keeps the server busy until the server is gone; ended waits until the
// clients have noticed.
func (s *server) load(clients int) (ended func()) {
	s.t.Helper()
	done := make(chan struct{}, clients)
	for range clients {
		c := s.dial()
		go func() {
			defer func() { done <- struct{}{} }()
			_ = probe.Try(func(t probe.T) {
				for c := c.For(t); ; {
					c.Send(bytes.Repeat(probe.Put("k", "v"), 100))
					for range 100 {
						c.Want(probe.Stored)
					}
				}
			})
		}()
	}
	return func() {
		for range clients {
			<-done
		}
	}
}
