//go:build unix

package generator

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The window of an open loop includes its first moment and excludes its last, so two
// windows in a row count each request once.
func TestARequestBelongsToTheWindowInWhichItIsDue(t *testing.T) {
	const begin, end = 10 * time.Second, 11 * time.Second
	for due, counted := range map[time.Duration]int64{begin - 1: 0, begin: 1, end - 1: 1, end: 0} {
		w := newWindow(time.Second)
		w.begin(begin, begin)
		w.end(end)
		w.count(request{due: due, sent: due}, end+time.Second, true)
		assert.Equal(t, counted, w.response.TotalCount(), "due at %v", due)
	}
	g, _ := pausing(1, 0)
	g.until = end
	for due, owed := range map[time.Duration]bool{end - 1: true, end: false} {
		g.schedule.due = due
		assert.Equal(t, owed, g.hasDue(time.Hour), "due at %v", due)
	}
}

// The backlog of due and unsent requests has a limit, and its last place is
// used.
func TestTheBacklogIsFullAtItsLimit(t *testing.T) {
	g, pause := pausing(1, 0)
	g.backlog = maxBacklog - 1
	pause(2 * time.Second)
	require.GreaterOrEqual(t, g.window.offered, int64(2))
	assert.Equal(t, maxBacklog, g.backlog)
	assert.Equal(t, g.window.offered-1, g.window.unsent)
	assert.Equal(t, 1, g.outstanding)
}
