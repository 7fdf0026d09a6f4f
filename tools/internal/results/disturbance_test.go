package results

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// Each way to be kept from a core counts. The time for which a server's threads wait for
// each other does not.
func TestTaken(t *testing.T) {
	waiting := &Resources{Window: time.Second, RunQueue: new(500 * time.Millisecond)}
	for want, b := range map[string]Besides{
		"the load generator waited for its core for 30.0 % of the time": {generator: new(0.3)},
		"the host had the cores for 40.0 % of the time":                 {Steal: new(0.4)},
		"the server waited for a core for 50.0 % of the time":           {Server: waiting},
		"the server waited for a core for 100.0 % of the time, and other programs used 60.0 % of one": {
			Server: &Resources{Window: time.Second, RunQueue: new(7 * time.Second)}, Others: new(0.6)},
	} {
		assert.Equal(t, want, b.Taken())
	}
	for name, b := range map[string]Besides{
		"nothing is known":           {},
		"it waited little":           {generator: new(0.1), Server: &Resources{Window: time.Second, RunQueue: new(100 * time.Millisecond)}, Steal: new(0.1), Others: new(0.9)},
		"its threads wait in a line": {Server: waiting, Others: new(0.02)},
		"no time has passed":         {Server: &Resources{RunQueue: new(time.Second)}},
	} {
		assert.Empty(t, b.Taken(), name)
	}
	assert.True(t, Cell{Load: load.Result{Seconds: 1}, Resources: waiting}.Starved())
	assert.True(t, Cell{Steal: new(0.5)}.Starved())
	assert.False(t, Cell{Load: load.Result{Seconds: 1}, Resources: waiting, Others: new(0.0)}.Starved())
}

// A run that shows next to nothing says so.
func TestVoidRuns(t *testing.T) {
	assert.Empty(t, new(Results).Void(), "nothing was asked for")
	r := &Results{OpenSummary: []OpenSummary{
		{Rounds: 1, MedianRounds: 2, Void: 7, Reason: "the generator was late"}, // two of eight stand
	}}
	assert.Empty(t, r.Void())
	r.OpenSummary = append(r.OpenSummary, OpenSummary{Void: 1, Reason: "the generator waited"})
	assert.Equal(t, "7 of 9 cells of the open loop are void, medians included; one reason: the generator waited", r.Void())

	void := Cell{Load: load.Result{Void: []string{"the generator itself did not run"}}}
	r = &Results{Runs: []Cell{{}, void, void, void}}
	assert.Empty(t, r.Void())
	r.Runs = append(r.Runs, void)
	assert.Equal(t, "4 of 5 cells of the closed loop are void; one reason: the generator itself did not run", r.Void())

	r = &Results{Claims: []Claim{
		{Experiment: "E4", Verdict: NotMeasurable, Findings: []Finding{{Why: "the host had the cores"}}},
		{Experiment: "E5", Verdict: NotAvailable, Headline: -1},
	}}
	assert.Equal(t, "none of the claims could be decided for any server; E4: the host had the cores", r.Void())
	r.Claims = append(r.Claims, Claim{Experiment: "E7", Verdict: Refuted})
	assert.Empty(t, r.Void())
	r.Claims[2] = Claim{Experiment: "E2", Verdict: NotMeasurable, Headline: -1, Findings: []Finding{{Server: "eventloop", Verdict: Refuted}}}
	assert.Empty(t, r.Void(), "it was run with a server that the claim is not about")
	r.Claims = r.Claims[1:2]
	assert.Empty(t, r.Void(), "the server is not available, which another note says")
}

// A run is disturbed if more than a share of the CPU time went elsewhere, to the host or
// to other programs.
func TestDisturbed(t *testing.T) {
	for _, e := range []Environment{{}, {Steal: new(DisturbedShare)}, {Others: new(DisturbedShare)}} {
		assert.Empty(t, (&Results{Environment: e}).Disturbed())
	}
	for _, e := range []Environment{
		{Steal: new(DisturbedShare + 0.01)}, {Others: new(DisturbedShare + 0.01)}, {Steal: new(DisturbedShare), Others: new(0.01)},
	} {
		assert.Contains(t, (&Results{Environment: e}).Disturbed(), "DISTURBED: 6 %")
	}
}
