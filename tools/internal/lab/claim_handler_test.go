package lab

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/load"
)

func handlerTrial(server, name string, p99, lag time.Duration) Trial {
	return Trial{Experiment: "E10", Server: server, Case: name, Load: &load.Result{Response: load.Times{P99: p99}, SendLag: load.Times{P99: lag}}}
}

func TestASlowHandlerIsJudgedByTheCheapRequests(t *testing.T) {
	s := &Server{Subject: Subject{Name: "eventloop"}}
	for _, test := range []struct {
		name             string
		sleeps, computes time.Duration
		want, sum        Verdict
		when             string
	}{
		{"stalls", 9 * time.Millisecond, 9 * time.Millisecond, Refuted, Refuted, ""},
		{"does not", time.Millisecond, 9 * time.Millisecond, Confirmed, Confirmed, ""},
		{"has cores", 9 * time.Millisecond, time.Millisecond, Refuted, OnlyWhen, "the handler computes"},
	} {
		r := &Results{Servers: []*Server{s}, Trials: []Trial{
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
		v, when := experimentHandler.sum(r, []Finding{f})
		assert.Equal(t, test.sum, v, test.name)
		assert.Equal(t, test.when, when)
	}
	r := &Results{Trials: []Trial{handlerTrial(s.Name, "sleeps", time.Second, time.Second), handlerTrial(s.Name, "computes", time.Second, 0)}}
	f, measured := experimentHandler.judge(r, s)
	require.True(t, measured)
	assert.Equal(t, NotMeasurable, f.Verdict)
	assert.Contains(t, f.Why, "the generator was late: 1s by p99")
	// A server that something else keeps from its core is slow for that.
	for p99, want := range map[time.Duration]Verdict{9 * time.Millisecond: NotMeasurable, time.Millisecond: Confirmed} {
		trial := handlerTrial(s.Name, "sleeps", p99, 0)
		trial.Load.Seconds, trial.Resources = 1, &Resources{Window: time.Second, RunQueue: new(200 * time.Millisecond)}
		f, _ := experimentHandler.judge(&Results{Trials: []Trial{trial}}, s)
		assert.Equal(t, want, f.Verdict)
	}
	_, measured = experimentHandler.judge(&Results{}, s)
	assert.False(t, measured)
}
