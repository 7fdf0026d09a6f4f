package proctest

import (
	"bytes"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servertest/dialogue"
	"github.com/ioflavors/ioflavors/common/servertest/protocols"
)

// testTerminate sends SIGTERM in the middle of a pipeline. Every request
// sent before must be answered.
func testTerminate(t *testing.T, target server.Variant) {
	drain(t, target, protocols.KeyValue, 1, brief(20_000, 5_000))
}

// testTerminateMany does the same with several clients; some of them may
// wait in the listen queue.
func testTerminateMany(t *testing.T, target server.Variant, p dialogue.Protocol) {
	drain(t, target, p, 10, brief(2_000, 500))
}

func drain(t *testing.T, target server.Variant, p dialogue.Protocol, clients, requests int) {
	srv := startWith(t, target, p, unhurried(target)...)
	srv.wantDrained(t, clients, requests)
	stopped := srv.wantLog("stopped")
	assert.EqualValues(t, clients*requests, stopped["requests"])
	assert.Equal(t, map[string]any{"shutdown": float64(clients)}, stopped["closed"])
}

// wantDrained sends SIGTERM in the middle of the clients' pipelines, and
// expects replies to all requests sent before.
func (s *testServer) wantDrained(t *testing.T, clients, requests int) {
	t.Helper()
	conns := make([]*probe.Conn, clients)
	put := s.proto.Open().Put("a-key", "a value of some bytes")
	for i := range conns {
		conns[i] = s.dial()
		written := conns[i].Start(bytes.Repeat(put.Request, requests))
		if i == 0 {
			conns[i].WantBytes(put.Reply) // the server is in the middle of the pipeline
		}
		written() // the server or its kernel has the rest
	}
	s.terminate()
	last := make([]time.Time, clients)
	probe.Concurrently(t, clients, func(t probe.T, i int) {
		c := conns[i].For(t)
		for n := range requests {
			if i > 0 || n > 0 {
				c.WantBytes(put.Reply)
			}
		}
		last[i] = time.Now()
		c.WantEnd()
		c.Close()
	})
	s.wantExit(0)
	ended := time.Now()
	wait := ended.Sub(last[0])
	for _, at := range last {
		wait = min(wait, ended.Sub(at))
	}
	figureMs(t, "last-reply-until-exit-ms", wait)
}

// testDrainTimeout sends SIGTERM while a client with pending replies is
// stopped.
func testDrainTimeout(t *testing.T, target server.Variant) {
	const patience = 200 * time.Millisecond
	srv := start(t, target, append(unhurried(target), "--drain-timeout", fmt.Sprint(patience))...)
	srv.stoppedGlutton(t)
	srv.terminate()
	asked := time.Now()
	srv.wantExit(0)
	figureMs(t, "drain-timeout-until-exit-ms", time.Since(asked)-patience)
	srv.wantLog("drain timeout: closing the remaining connections")
	assert.Equal(t, 1.0, srv.wantLog("stopped")["closed"].(map[string]any)["killed"])
}

// testSecondSignal sends SIGTERM twice, while a client is stopped for which
// the server would wait for ever.
func testSecondSignal(t *testing.T, target server.Variant) {
	srv := start(t, target, append(unhurried(target), "--drain-timeout", "-1")...)
	srv.stoppedGlutton(t)
	srv.terminate()
	srv.wantLog("draining")
	srv.terminate()
	asked := time.Now()
	srv.wantExit(1)
	figureMs(t, "second-signal-until-exit-ms", time.Since(asked))
	assert.Contains(t, srv.String(), "second signal (terminated): not drained")
}

// testRestart kills the server while clients keep it busy, and at once starts another
// one on the same port, where connections of the killed server may linger. The kernel
// may take a moment to close what the dead process's io_uring still uses, including the
// listener, and longer on a busy machine. So the test waits for the port, and publishes
// how often it was still in use.
func testRestart(t *testing.T, target server.Variant) {
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
		srv.counted("it is busy", func(st server.Stats) bool { return st.Requests > 1000 })
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
func (s *testServer) load(clients int) (ended func()) {
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
