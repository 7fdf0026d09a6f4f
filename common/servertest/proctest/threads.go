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
// ends a program that cannot start one. So a server that has one for each client
// refuses those whom it has none for; the others serve all.
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
		} else if g.reason != "" { // those whom it has no time to tell are closed without a word
			assert.Contains(t, g.reason, "no thread is left (RLIMIT_NPROC)")
			reasons++
		}
	}
	figure(t, "served", "%d", len(in))
	require.NotEmpty(t, in, "guests who are served")
	assert.Equal(t, len(in) < decisions, reasons > 0, "%d are served, and %d told why they are not", len(in), reasons)
	remain(t, in)
	srv.usage() // it is still there

	next := func() guest { return <-decided }
	if decisions == guests { // nobody waits
		next = srv.newcomer
	}
	replace(t, in, 10, next)
}
