package experiments

import (
	"math"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// touched is what a generator notes that paused for so long, and touched so many
// requests.
func touched(t *testing.T, pause time.Duration, requests int64) load.Generator {
	t.Helper()
	h := hdrhistogram.New(1, math.MaxInt64, 3)
	require.NoError(t, h.RecordValues(pause.Nanoseconds(), requests))
	times, err := load.Summarize(h)
	require.NoError(t, err)
	return load.Generator{Paused: pause, LongestPause: pause, Touched: times}
}

// flatTimes is a thousand times that are all the same.
func flatTimes(t *testing.T, d time.Duration) load.Times {
	t.Helper()
	h := hdrhistogram.New(1, math.MaxInt64, 3)
	require.NoError(t, h.RecordValues(d.Nanoseconds(), 1000))
	times, err := load.Summarize(h)
	require.NoError(t, err)
	return times
}

// Figures that pauses of the generator may have made are no server's.
func TestPausesOfTheGeneratorAreNoServers(t *testing.T) {
	trial := results.Trial{Load: &load.Result{Response: flatTimes(t, 10*time.Millisecond)}}
	assert.True(t, medianHolds(trial))
	trial.Load.Generator = touched(t, time.Second, 499)
	assert.True(t, medianHolds(trial), "less than half of the requests")
	trial.Load.Generator = touched(t, time.Second, 500)
	assert.False(t, medianHolds(trial))

	s := &results.Server{Target: results.Target{Name: "eventloop"}}
	slow := handlerTrial(s.Name, "sleeps", 9*time.Millisecond, 0)
	slow.Load.Response = flatTimes(t, 9*time.Millisecond)
	slow.Load.Generator = touched(t, 5*time.Millisecond, 990)
	f, _ := experimentHandler.judge(&results.Results{Trials: []results.Trial{slow}}, s)
	assert.Equal(t, results.NotMeasurable, f.Verdict)
	assert.Contains(t, f.Why, "the generator itself did not run for 5ms")
}
