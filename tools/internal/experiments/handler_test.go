package experiments

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

func handlerTrial(server, name string, p99, lag time.Duration) results.Trial {
	return results.Trial{Experiment: "E10", Server: server, Case: name, Load: &load.Result{Response: load.Times{P99: p99}, SendLag: load.Times{P99: lag}}}
}

func TestASlowHandlerIsJudgedByTheCheapRequests(t *testing.T) {
	s := &results.Server{Target: results.Target{Name: "eventloop"}}
	for _, test := range []struct {
		name             string
		sleeps, computes time.Duration
		want, sum        results.Verdict
		when             string
	}{
		{"stalls", 9 * time.Millisecond, 9 * time.Millisecond, results.Refuted, results.Refuted, ""},
		{"does not", time.Millisecond, 9 * time.Millisecond, results.Confirmed, results.Confirmed, ""},
		{"has cores", 9 * time.Millisecond, time.Millisecond, results.Refuted, results.OnlyWhen, "the handler computes"},
	} {
		r := &results.Results{Servers: []*results.Server{s}, Trials: []results.Trial{
			handlerTrial(s.Name, "sleeps", test.sleeps, 900*time.Microsecond),
			handlerTrial(s.Name, "sleeps", 20*time.Millisecond, 3*time.Millisecond),
			handlerTrial(s.Name, "computes", test.computes, 0),
		}}
		f, measured := experimentHandler.judge(r, s)
		require.True(t, measured)
		assert.Equal(t, test.want, f.Verdict, test.name)
		assert.InDelta(t, test.sleeps.Seconds()*1e3, f.Number, 1e-9)
		assert.Contains(t, f.Why, "; left out: the generator was late")
		f.Server = s.Name
		v, when := experimentHandler.sum(r, []results.Finding{f})
		assert.Equal(t, test.sum, v, test.name)
		assert.Equal(t, test.when, when)
	}
	r := &results.Results{Trials: []results.Trial{handlerTrial(s.Name, "sleeps", time.Second, time.Second), handlerTrial(s.Name, "computes", time.Second, 0)}}
	f, measured := experimentHandler.judge(r, s)
	require.True(t, measured)
	assert.Equal(t, results.NotMeasurable, f.Verdict)
	assert.Contains(t, f.Why, "the generator was late: 1s by p99")
	// A server that other programs keep from its core is slow because of that.
	for p99, want := range map[time.Duration]results.Verdict{9 * time.Millisecond: results.NotMeasurable, time.Millisecond: results.Confirmed} {
		trial := handlerTrial(s.Name, "sleeps", p99, 0)
		trial.Load.Seconds, trial.Resources = 1, &results.Resources{Window: time.Second, RunQueue: new(200 * time.Millisecond)}
		f, _ := experimentHandler.judge(&results.Results{Trials: []results.Trial{trial}}, s)
		assert.Equal(t, want, f.Verdict)
	}
	_, measured = experimentHandler.judge(&results.Results{}, s)
	assert.False(t, measured)
}
