package proc

import (
	"runtime/debug"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The others' share is that of one core, the server's or the load's, whichever
// is larger.
func TestOthersByCore(t *testing.T) {
	at := func(server, load, ours float64) Clocks {
		return Clocks{total: 2 * (10 + server + load), busy: server + load, ours: ours, cores: map[int]coreClock{
			3: {total: 10, busy: server}, 5: {total: 10, busy: load},
		}}
	}
	before := at(0, 0, 0)
	before.total, before.cores = 0, map[int]coreClock{}
	pins := Pinning{On: true, server: 3, load: 5}
	others := func(after Clocks, pins Pinning, cpu time.Duration) float64 {
		s := after.othersSince(before, pins, cpu)
		require.NotNil(t, s)
		return *s
	}
	assert.InDelta(t, 0.6, others(at(8, 5, 5), pins, 2*time.Second), 1e-9, "on the server's core")
	assert.InDelta(t, 0.4, others(at(8, 9, 5), pins, 8*time.Second), 1e-9, "on the load's")
	assert.InDelta(t, 0, others(at(8, 5, 6), pins, 9*time.Second), 1e-9, "ticks and exact times")
	pins.More = []int{5}
	assert.InDelta(t, 7./46, others(at(8, 5, 5), pins, time.Second), 1e-9, "of all cores")
	assert.InDelta(t, 7./46, others(at(8, 5, 5), Pinning{}, time.Second), 1e-9)
	assert.Nil(t, before.othersSince(before, pins, 0))
	assert.Nil(t, before.othersSince(before, Pinning{On: true}, 0))
}

func TestRevision(t *testing.T) {
	assert.Empty(t, revision(nil))
	assert.Equal(t, "abc", revision([]debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.modified", Value: "false"}}))
	assert.Equal(t, "abc+", revision([]debug.BuildSetting{{Key: "vcs.modified", Value: "true"}, {Key: "vcs.revision", Value: "abc"}}))
}
