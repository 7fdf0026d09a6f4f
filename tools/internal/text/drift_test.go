package text

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

func TestDrifts(t *testing.T) {
	r := &results.Results{
		Plan:    results.Plan{Rounds: 3, Workloads: results.Workloads(load.DefaultWorkload())},
		Servers: []*results.Server{{Target: results.Target{Name: "cheap"}}, {Target: results.Target{Name: "dear"}}},
	}
	run := func(server string, round int, cpu time.Duration) {
		r.Runs = append(r.Runs, results.Cell{Server: server, Round: round, Load: load.Result{Requests: 1, Seconds: 1}, Resources: &results.Resources{CPU: cpu}})
	}
	for round, cpu := range []time.Duration{100, 150, 80} {
		run("cheap", round+1, cpu)
		run("dear", round+1, 100*cpu)
	}
	require.NoError(t, r.Summarize())
	assert.InDeltaSlice(t, []float64{1, 1.5, 0.8}, drifts(r), 1e-9)
	assert.Contains(t, paceNote(r), "88 % more CPU time in round 2 than in round 3")

	// The noise of one server is no drift of the machine.
	r.Runs = nil
	for round, cpu := range []time.Duration{100, 110, 90} {
		run("cheap", round+1, cpu)
		run("dear", round+1, 10_000*100/cpu)
	}
	require.NoError(t, r.Summarize())
	assert.Empty(t, paceNote(r))

	r.Plan.Rounds = 4
	assert.Nil(t, drifts(r), "a round is missing: it was interrupted")
	assert.Empty(t, paceNote(r))
	assert.Empty(t, paceNote(new(results.Results)))
}
