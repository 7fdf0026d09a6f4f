//go:build unix

package experiments

import (
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/bench"
	"github.com/ioflavors/ioflavors/tools/internal/labtest"
	"github.com/ioflavors/ioflavors/tools/internal/proc"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// Slow requests are made beside the cheap ones, and take their time.
func TestASlowHandlerIsMeasured(t *testing.T) {
	b := &bench.Bench{Results: &results.Results{}}
	s := &results.Server{Target: labtest.Target(t, "handler")}
	require.NoError(t, b.With(t.Context(), withMore(s.Target, "--slow-sleep", slowTime.String()), func(p *proc.Process) error {
		return besideSlow(t.Context(), b, s, p, "sleeps", 1)
	}))
	require.NotEmpty(t, b.Results.Trials)
	assert.NoError(t, b.Results.Trials[0].Load.Errors.Err())
	assert.Positive(t, b.Results.Trials[0].Load.Requests)
	assert.Len(t, s.Command, 3, "the server's own command is as it was")
}

func TestASlowHandlerNeedsAServerOfOurs(t *testing.T) {
	b := &bench.Bench{Results: &results.Results{}}
	for _, s := range []results.Target{{Name: "singleblocking", OneAtATime: true}, {Name: "other", Foreign: true}} {
		server := &results.Server{Target: s}
		assert.Zero(t, experimentHandler.takes(results.Plan{}, server))
		assert.Error(t, experimentHandler.run(t.Context(), b, server))
	}
	assert.Empty(t, b.Results.Trials)
}

// If the server breaks under the slow requests, the experiment says so.
func TestSlowRequestsThatFail(t *testing.T) {
	b := &bench.Bench{Results: &results.Results{}}
	s := &results.Server{Target: labtest.Target(t, "dies")} // at a get
	err := b.With(t.Context(), s.Target, func(p *proc.Process) error { return besideSlow(t.Context(), b, s, p, "sleeps", 1) })
	require.Error(t, err)
	assert.Empty(t, b.Results.Trials)
}

// The server, and the server that it is compared with, are loaded over
// connections that stay and over connections that do not.
func TestAPoolIsMeasured(t *testing.T) {
	b := &bench.Bench{Results: &results.Results{}}
	s := &results.Server{Target: labtest.Target(t, "handler")}
	s.Name, s.Command = "multiblocking --slow-burn 1us", append(s.Command, "--slow-burn", "1us")
	require.Equal(t, labtest.Target(t, "handler").Command, withoutFlags(s.Target).Command)
	// On a busy machine the server may have had no core within a run, which lasts a
	// fraction of a second.
	for range 10 {
		b.Results.Trials = nil
		require.NoError(t, poolRepeat(t.Context(), b, s, 1))
		if !slices.ContainsFunc(b.Results.Trials, func(t results.Trial) bool { return t.Load != nil && t.Load.Requests == 0 }) {
			break
		}
	}
	var cases []string
	for _, trial := range b.Results.Trials {
		cases = append(cases, trial.Case)
		if trial.Load != nil {
			assert.NoError(t, trial.Load.Errors.Err())
			assert.Positive(t, trial.Load.Requests)
		} else {
			assert.Positive(t, trial.Figures[poolClients])
		}
	}
	assert.Equal(t, []string{"steady, plain", "churn, plain", "computing, plain", "steady", "churn", "computing"}, cases)
	if runtime.GOOS != "linux" {
		return
	}
	for i := range b.Results.Trials {
		trial := &b.Results.Trials[i]
		require.NotNil(t, trial.Resources)
		// The server and the generator share the cores here, and other tests
		// may run beside them, so the runs would be left out.
		trial.Resources.RunQueue, trial.Steal, trial.Others = nil, nil, nil
		if trial.Load != nil {
			trial.Load.Generator.RunQueue = nil
		}
	}
	for _, c := range poolCases {
		assert.Len(t, poolRatios(b.Results, s.Name)[c], 1)
	}
}
