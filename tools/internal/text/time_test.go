package text

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

func TestTimeTable(t *testing.T) {
	steal := 0.5
	r := &results.Results{
		Plan: results.Plan{Workloads: results.Workloads(load.DefaultWorkload())},
		Servers: []*results.Server{
			{Target: results.Target{Name: "ring"}}, {Target: results.Target{Name: "none"}}, {Target: results.Target{Name: "calls"}},
		},
		Time: []results.TimeCell{
			{
				Server: "ring", Workload: 1, Requests: 100_000, Samples: 100, Resources: &results.Resources{CPU: time.Second},
				Spent: map[results.Activity]time.Duration{results.TimeRing: 600 * time.Millisecond, results.TimeLoop: 400 * time.Millisecond},
			},
			{
				Server: "calls", Workload: 1, Requests: 100_000, Samples: 196, Resources: &results.Resources{CPU: 2 * time.Second}, Steal: &steal,
				Spent: map[results.Activity]time.Duration{results.TimeWrite: 1960 * time.Millisecond},
			},
		},
	}
	var out bytes.Buffer
	require.NoError(t, timeSpent(r).Write(&out, Style{}))
	assert.Regexp(t, `MODEL +ALL +write +ring +loop +SAMPLES +EXPLAINED\n`, out.String())
	assert.Regexp(t, `ring +10.0 +0.00 +6.00 +4.00 +100 +100 %\n`, out.String())
	assert.Regexp(t, `calls +20.0 +19.6 +0.00 +0.00 +196 +98 %  disturbed\n`, out.String())
	assert.NotContains(t, out.String(), "none")

	notes := TimeNotes(r)
	require.Len(t, notes, 3)
	assert.Contains(t, notes[0], "of 100 samples a share is within ±10 %")
	assert.Contains(t, notes[0], "explain 98 % or more")
	assert.Contains(t, notes[1], "io_uring_enter")
	assert.Equal(t, "The machine disturbed 1 profile; one of them: calls: the host had the cores for 50.0 % of the time.", notes[2])

	r.Time = nil
	assert.Empty(t, TimeNotes(r))
}
