package proctest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fewThreads is how many a server's user may have.
const fewThreads = 40

// testThreadLimit has more clients come than there may be threads. Go's runtime
// ends a program that cannot start a thread. So a server with a thread for each client
// must refuse clients when none is left; the other servers serve all.
func testThreadLimit(t *testing.T, s Subject) {
	if reason := canLimitThreads(); reason != "" {
		t.Skip(reason)
	}
	srv := startIn(t, s, surroundings{variables: []string{fmt.Sprintf("%s=%d", threadsVariable, fewThreads), "GOMAXPROCS=2"}}, unhurried(s)...)
	decisions := guests
	if n := s.Caps.AtOnce(); n > 0 {
		decisions = n
	}
	decided := srv.crowd(guests)
	var in []guest
	reasons := 0
	for range decisions {
		g := <-decided
		if g.served {
			in = append(in, g)
		} else if g.reason != "" { // while 16 are being told, others are closed without a reply
			assert.Contains(t, g.reason, "no thread is left")
			assert.NotContains(t, g.reason, "RLIMIT_NPROC", "that is for the log")
			reasons++
		}
	}
	figure(t, "served", "%d", len(in))
	require.NotEmpty(t, in, "guests who are served")
	assert.Equal(t, len(in) < decisions, reasons > 0, "%d are served, and %d told why they are not", len(in), reasons)
	if reasons > 0 {
		assert.Contains(t, srv.wantLog("clients are refused")["error"], "no thread is left (RLIMIT_NPROC)")
	}
	remain(t, in)
	srv.usage() // it is still there

	next := func() guest { return <-decided }
	if decisions == guests { // nobody waits
		next = srv.newcomer
	}
	replace(t, in, 10, next)
}
