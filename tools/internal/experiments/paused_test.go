package experiments

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ioflavors/ioflavors/tools/internal/labtest"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// touched returns the figures of a generator that paused once, and of the requests that
// the pause touched.
func touched(t *testing.T, pause time.Duration, requests int64) load.Generator {
	t.Helper()
	return load.Generator{Paused: pause, LongestPause: pause, Touched: labtest.Times(t, requests, pause)}
}

// Figures that pauses of the generator may have made say nothing about a server.
func TestPausesOfTheGeneratorAreNoServers(t *testing.T) {
	trial := results.Trial{Load: &load.Result{Response: labtest.Times(t, 1000, 10*time.Millisecond)}}
	assert.True(t, medianHolds(trial))
	trial.Load.Generator = touched(t, time.Second, 499)
	assert.True(t, medianHolds(trial), "less than half of the requests")
	trial.Load.Generator = touched(t, time.Second, 500)
	assert.False(t, medianHolds(trial))

	s := &results.Server{Target: results.Target{Name: "eventloop"}}
	slow := handlerTrial(s.Name, "sleeps", 9*time.Millisecond, 0)
	slow.Load.Response = labtest.Times(t, 1000, 9*time.Millisecond)
	slow.Load.Generator = touched(t, 5*time.Millisecond, 990)
	f, _ := experimentHandler.judge(&results.Results{Trials: []results.Trial{slow}}, s)
	assert.Equal(t, results.NotMeasurable, f.Verdict)
	assert.Contains(t, f.Why, "the generator itself did not run for 5ms")
}
