package proctest

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
	"github.com/ioflavors/ioflavors/common/kvserver"
)

// testTerminate sends SIGTERM in the middle of a pipeline. Every request
// sent before must be answered.
func testTerminate(t *testing.T, target kvserver.Variant) { drain(t, target, 1, brief(20_000, 5_000)) }

// testTerminateMany does the same with several clients; some of them may
// wait in the listen queue.
func testTerminateMany(t *testing.T, target kvserver.Variant) {
	drain(t, target, 10, brief(2_000, 500))
}

func drain(t *testing.T, target kvserver.Variant, clients, requests int) {
	srv := start(t, target, unhurried(target)...)
	srv.wantDrained(t, clients, requests)
	stopped := srv.wantLog("stopped")
	assert.EqualValues(t, clients*requests, stopped["requests"])
	assert.Equal(t, map[string]any{"shutdown": float64(clients)}, stopped["closed"])
}

// wantDrained sends SIGTERM in the middle of the clients' pipelines, and
// expects replies to all requests sent before.
func (s *server) wantDrained(t *testing.T, clients, requests int) {
	t.Helper()
	conns := make([]*probe.Conn, clients)
	put := probe.Put("a key", "a value of some bytes")
	for i := range conns {
		conns[i] = s.dial()
		written := conns[i].Start(bytes.Repeat(put, requests))
		if i == 0 {
			conns[i].Want(probe.Stored) // the server is in the middle of the pipeline
		}
		written() // the server or its kernel has the rest
	}
	s.terminate()
	last := make([]time.Time, clients)
	probe.Concurrently(t, clients, func(t probe.T, i int) {
		c := conns[i].For(t)
		for n := range requests {
			if i > 0 || n > 0 {
				c.Want(probe.Stored)
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
func testDrainTimeout(t *testing.T, target kvserver.Variant) {
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
func testSecondSignal(t *testing.T, target kvserver.Variant) {
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
