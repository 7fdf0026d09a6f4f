//go:build unix

package experiments

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/bench"
	"github.com/ioflavors/ioflavors/tools/internal/labtest"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/proc"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// trialBench is a bench with one server, for an experiment's runs.
func trialBench(t *testing.T, mode string) (*bench.Bench, *results.Server) {
	t.Helper()
	plan := results.Plan{Rounds: 1, Seed: 1, Workloads: results.Workloads(load.DefaultWorkload()), Cell: 200 * time.Millisecond, Warmup: 50 * time.Millisecond}
	s := &results.Server{Target: labtest.Target(t, mode)}
	return &bench.Bench{Results: &results.Results{Plan: plan, Servers: []*results.Server{s}}}, s
}

// loaded does something with the bench's server, which has the keys.
func loaded(ctx context.Context, b *bench.Bench, s *results.Server, do func(*proc.Process) error) error {
	return b.With(ctx, s.Target, func(p *proc.Process) error {
		if err := b.Preload(ctx, s.Target, p); err != nil {
			return err
		}
		return do(p)
	})
}

func TestOneAtATimeIsRun(t *testing.T) {
	for mode, want := range map[string]int{"right": aloneMost, "serial": 1} {
		b, s := trialBench(t, mode)
		require.NoError(t, experimentAlone.run(t.Context(), b, s))
		require.Len(t, b.Results.Trials, len(aloneClients(b.Results.Plan)))
		last := b.Results.Trials[len(b.Results.Trials)-1]
		assert.Equal(t, want, last.Load.Served, mode)
		assert.InDelta(t, aloneMost, last.X, 0)
	}
}

func TestCoresAreRun(t *testing.T) {
	b, s := trialBench(t, "right")
	require.NoError(t, experimentCores.run(t.Context(), b, s))
	require.Len(t, b.Results.Trials, repeats)
	for _, trial := range b.Results.Trials {
		// A busy machine may stand still for a whole run.
		if n, known := coresOf(trial); trial.Load.Requests > 0 && runtime.GOOS == "linux" {
			assert.True(t, known)
			assert.Positive(t, n)
		}
	}
}

func TestNowAndThenIsRun(t *testing.T) {
	b, s := trialBench(t, "right")
	require.ErrorContains(t, experimentAwake.run(t.Context(), b, s), "no cores of their own")
	require.NoError(t, loaded(t.Context(), b, s, func(p *proc.Process) error {
		return nowAndThen(t.Context(), b, s, p, 0, ownCore, 100*time.Millisecond)
	}))
	require.Len(t, b.Results.Trials, 1)
	for _, trial := range b.Results.Trials {
		assert.InDelta(t, 37, trial.Load.Offered, 1, "370 requests/s")
		assert.NoError(t, trial.Load.Errors.Err())
	}
}

// More and more connections, until the server does not serve all of them.
func TestManyConnectionsAreRun(t *testing.T) {
	b, s := trialBench(t, "right")
	require.NoError(t, loaded(t.Context(), b, s, func(p *proc.Process) error {
		return overConnections(t.Context(), b, s, p, []int{1, 20})
	}))
	for _, trial := range b.Results.Trials { // a busy machine may stand still for a whole run
		assert.Equal(t, trial.Load.Served < int(trial.X), trial.Note != "")
		assert.NoError(t, trial.Load.Errors.Err())
	}

	b, s = trialBench(t, "serial")
	require.NoError(t, loaded(t.Context(), b, s, func(p *proc.Process) error {
		return overConnections(t.Context(), b, s, p, []int{2, 20})
	}))
	require.Len(t, b.Results.Trials, 1)
	assert.Equal(t, "of 2 connections 1 were served", b.Results.Trials[0].Note)
}

func TestSilentClientsAreRun(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("elsewhere the lab does not know how many connections a server holds")
	}
	b, s := trialBench(t, "right")
	require.NoError(t, loaded(t.Context(), b, s, func(p *proc.Process) error {
		return amongSilent(t.Context(), b, s, p, []int{0, 20})
	}))
	require.Len(t, b.Results.Trials, 2*(repeats+1))
	for i, trial := range b.Results.Trials {
		assert.InDelta(t, 20*(i/(repeats+1)), trial.X, 0)
		assert.NoError(t, trial.Load.Errors.Err())
		assert.Empty(t, trial.Note)
	}

	b, s = trialBench(t, "serial")
	require.NoError(t, loaded(t.Context(), b, s, func(p *proc.Process) error {
		return amongSilent(t.Context(), b, s, p, []int{20})
	}))
	require.Len(t, b.Results.Trials, 1)
	assert.Equal(t, "with 20 silent connections: the server holds 1 of 20", b.Results.Trials[0].Note)
}
