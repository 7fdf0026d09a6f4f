package proctest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/server"
)

const (
	guests = 100 // clients that connect to a server with fewer descriptors
	few    = 64  // the server's descriptor limit; it serves 32 clients less by its own rule
)

// testDescriptorLimit lets the server reach the connection limit that it
// derives from its descriptors: it must refuse further clients. A model that
// serves fewer at once refuses none; they wait.
func testDescriptorLimit(t *testing.T, target server.Variant) {
	srv := startIn(t, target, surroundings{descriptors: descriptors{limit: few}}, unhurried(target)...)
	places, decisions := few-32, guests
	if n := target.Clients; n > 0 {
		places, decisions = n, n
	}
	decided := srv.crowd(guests)
	var in []guest
	reasons := 0
	for range decisions {
		g := <-decided
		if g.served {
			in = append(in, g)
		} else if g.reason != "" { // without time for a reason, the server closes without a reply
			assert.Contains(t, g.reason, "all 32 connections are in use")
			reasons++
		}
	}
	require.Len(t, in, places, "guests that are served")
	assert.Equal(t, decisions > places, reasons > 0, "%d guests are told that they are refused", reasons)
	remain(t, in)
	srv.wantRest(target)

	next := func() guest { return <-decided }
	if decisions == guests { // no guest waits
		next = srv.newcomer
	}
	replace(t, in, brief(50, 10), next)
}

// testAllLeave fills every place, lets all those clients leave at once, and then
// connects one more. Every place is free by then, whether the server has noticed it or
// not.
func testAllLeave(t *testing.T, target server.Variant) {
	srv := startIn(t, target, surroundings{descriptors: descriptors{limit: few}}, unhurried(target)...)
	places := few - 32
	if n := target.Clients; n > 0 {
		places = n
	}
	for range brief(50, 10) {
		in := make([]guest, 0, places)
		for range places {
			in = append(in, srv.guest().await())
		}
		remain(t, in)
		for _, g := range in {
			g.Leave()
		}
		g := srv.guest().await()
		require.True(t, g.served, "all places are free: %s", g.reason)
		g.Close()
		srv.settle()
	}
}

// testNoDescriptors gives the server so few descriptors that accept fails
// long before its own limit. It must survive that, and accept the next
// client when another has left.
func testNoDescriptors(t *testing.T, target server.Variant) {
	srv := startIn(t, target, surroundings{descriptors: descriptors{limit: few, spare: 10}}, unhurried(target)...)
	decided := srv.crowd(guests)
	var in []guest
	st := srv.counted("some guests are served, and another one cannot be accepted", func(st server.Stats) bool {
		for len(decided) > 0 {
			in = append(in, <-decided)
		}
		// A model that serves one client at a time needs no more.
		stuck := st.AcceptErrors > 0 || len(in) == target.Clients
		return stuck && len(in) > 0 && len(in) == int(st.Active)
	})
	figure(t, "served", "%d", len(in))
	if !target.OneAtATime() {
		assert.Positive(t, st.AcceptErrors)
	}
	remain(t, in)
	srv.wantRest(target)
	remain(t, in)
	replace(t, in, guests-len(in), func() guest { return <-decided })
}

// newcomer is a guest that connects again and again until it is served.
func (s *testServer) newcomer() (g guest) {
	s.t.Helper()
	for g = s.guest().await(); !g.served && s.ctx.Err() == nil; g = s.guest().await() {
		g.Close()
	}
	return g
}

// replace lets n of the served guests leave, one by one, and expects the
// next guest to be served for each. It publishes how long that takes.
func replace(t *testing.T, in []guest, n int, next func() guest) {
	t.Helper()
	var times []time.Duration
	for range n {
		in[0].Close()
		left := time.Now()
		g := next()
		require.True(t, g.served, "a guest has left; the next one is served")
		times = append(times, time.Since(left))
		in = append(in[1:], g)
	}
	remain(t, in)
	figureTimes(t, "left-until-next-served", times)
}

// fewThreads is the thread limit of a server's user.
const fewThreads = 40

// testThreadLimit connects more clients than there may be threads. Go's runtime ends a
// program that cannot start a thread. So a server with a thread per client must refuse
// clients when no thread is left; the other servers serve all clients.
func testThreadLimit(t *testing.T, target server.Variant) {
	if reason := canLimitThreads(); reason != "" {
		t.Skip(reason)
	}
	srv := startIn(t, target, surroundings{variables: []string{fmt.Sprintf("%s=%d", threadsVariable, fewThreads), "GOMAXPROCS=2"}}, unhurried(target)...)
	decisions := guests
	if n := target.Clients; n > 0 {
		decisions = n
	}
	decided := srv.crowd(guests)
	var in []guest
	reasons := 0
	for range decisions {
		g := <-decided
		if g.served {
			in = append(in, g)
		} else if g.reason != "" { // while 16 refusals are in progress, further clients are closed without a reply
			assert.Contains(t, g.reason, "no thread is left")
			assert.NotContains(t, g.reason, "RLIMIT_NPROC", "that is for the log")
			reasons++
		}
	}
	figure(t, "served", "%d", len(in))
	require.NotEmpty(t, in, "guests that are served")
	assert.Equal(t, len(in) < decisions, reasons > 0, "%d are served, and %d told why they are not", len(in), reasons)
	if reasons > 0 {
		assert.Contains(t, srv.wantLog("clients are refused")["error"], "no thread is left (RLIMIT_NPROC)")
	}
	remain(t, in)
	srv.usage() // the server still runs

	next := func() guest { return <-decided }
	if decisions == guests { // no guest waits
		next = srv.newcomer
	}
	replace(t, in, 10, next)
}
