package proctest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/kvserver"
)

// fewThreads is the thread limit of a server's user.
const fewThreads = 40

// testThreadLimit connects more clients than there may be threads. Go's runtime ends a
// program that cannot start a thread. So a server with a thread per client must refuse
// clients when no thread is left; the other servers serve all clients.
func testThreadLimit(t *testing.T, target kvserver.Variant) {
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
