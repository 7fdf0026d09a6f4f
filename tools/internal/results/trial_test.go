package results

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ioflavors/ioflavors/tools/internal/load"
)

func TestATimelineIsAsLongAsItsSteps(t *testing.T) {
	line := &Timeline{Step: 50 * time.Millisecond, Steps: make([]Moment, 3)}
	assert.Equal(t, 150*time.Millisecond, line.Length())
}

// A run without answers has no cost per request, and must not divide by 0.
func TestNoAnswersNoCostPerRequest(t *testing.T) {
	cpu := func(u *Resources) float64 { return float64(u.CPU) }
	run := Trial{Load: &load.Result{Requests: 4}, Resources: &Resources{CPU: 2}}
	half, known := run.PerRequest(cpu)
	assert.True(t, known)
	assert.Equal(t, 0.5, half)
	run.Load = &load.Result{}
	_, known = run.PerRequest(cpu)
	assert.False(t, known)
	for _, lacking := range []Trial{{Load: &load.Result{Requests: 4}}, {Resources: &Resources{CPU: 2}}} {
		_, known = lacking.PerRequest(cpu)
		assert.False(t, known)
	}
}

func TestTrialsOfOneServer(t *testing.T) {
	r := &Results{Trials: []Trial{{Experiment: "E1", Server: "a", X: 2}, {Experiment: "E2", Server: "a"}, {Experiment: "E1", Server: "b"}, {Experiment: "E1", Server: "a", X: 1}}}
	var xs []float64
	for _, t := range r.TrialsOf("E1", "a") {
		xs = append(xs, t.X)
	}
	assert.Equal(t, []float64{2, 1}, xs, "in the order they were made")
}

func TestUnansweredProbesAreCountedInAllSteps(t *testing.T) {
	line := &Timeline{Step: time.Second, Steps: []Moment{{Failed: 2}, {Calls: 5}, {Failed: 3}}}
	assert.Equal(t, 5, line.Failed())
	assert.Zero(t, (&Timeline{Steps: []Moment{{Calls: 5}}}).Failed())
}
