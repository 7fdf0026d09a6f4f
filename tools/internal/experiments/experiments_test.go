package experiments

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/eventloop"
	"github.com/ioflavors/ioflavors/singleblocking"
	"github.com/ioflavors/ioflavors/tools/internal/models"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// Each experiment's statement is complete, and names existing servers.
func TestEveryExperimentStatesItsCase(t *testing.T) {
	var names []string
	for _, s := range models.Models("program") {
		names = append(names, s.Name)
	}
	seen := map[string]bool{}
	for _, e := range All() {
		assert.False(t, seen[e.ID], "two are %s", e.ID)
		seen[e.ID] = true
		for what, text := range map[string]string{"title": e.Title, "question": e.Question, "metric": e.Metric, "unit": e.Unit, "rule": e.Rule} {
			assert.NotEmpty(t, text, "%s: %s", e.ID, what)
		}
		assert.NotEmpty(t, e.About, e.ID)
		for _, name := range e.About {
			assert.Contains(t, names, name, e.ID)
			assert.NotEmpty(t, e.predicted(&results.Server{Target: results.Target{Name: name}}), "%s: nothing is predicted of %s, which it is about", e.ID, name)
		}
		for name := range e.Predictions {
			assert.Contains(t, names, name, e.ID)
		}
		for _, part := range e.Parts {
			assert.Contains(t, results.Parts, part, e.ID)
		}
		assert.True(t, e.run == nil || e.takes != nil, "%s: how long does it take?", e.ID)
	}
}

// The predictions follow from the models' declarations, and equal the predictions that were
// written before anything was measured: C for confirmed, R for refuted.
func TestPredictionsStandAsTheyWereWritten(t *testing.T) {
	names := []string{"singleblocking", "multiblocking", "multiblocking --workers 64", "multiblocking --os-threads",
		"busywait", "busywait --one-at-a-time", "eventloop", "eventloop --loops 2", "iouring"}
	for id, row := range map[string]string{
		"E0": "CRRRRRRRR", "E1": "CRRRRCRRR", "E2": "CRRRRCRRR", "E3": "CRRRCCCRC", "E4": "RRRRCCRRR", "E5": "RRRRCC--R", "E6": "-CCCRRCCC",
		"E7": "-CCCRRRRR", "E8": "-RRR--RR-", "E9": "--RR-----", "E10": "-CCCRRRRR", "E11": "CRRRRCRRR", "E12": "RRRCRRRRR",
	} {
		for i, name := range names {
			want := map[byte]results.Verdict{'C': results.Confirmed, 'R': results.Refuted}[row[i]]
			assert.Equal(t, want, ByID(id).predicted(&results.Server{Target: results.Target{Name: name}}), "%s: %s", id, name)
		}
	}
}

func TestByThreshold(t *testing.T) {
	assert.Equal(t, results.Finding{Verdict: results.Confirmed, Number: 3, Low: 2.5, High: 4}, byThreshold([]float64{4, 2.5, 3}, 2, 1))
	assert.Equal(t, results.Finding{Verdict: results.Refuted, Number: 0.5, Low: 0.5, High: 0.5}, byThreshold([]float64{0.5}, 2, 1))
	assert.Equal(t, results.Finding{Verdict: results.Confirmed, Number: 2, Low: 2, High: 2}, byThreshold([]float64{2}, 2, 1), "from there on")
	assert.Equal(t, results.Finding{Verdict: results.Refuted, Number: 1, Low: 1, High: 1}, byThreshold([]float64{1}, 2, 1), "up to there")
	assert.Equal(t, results.Finding{Verdict: results.Confirmed, Number: 1.6, Low: 1.6, High: 1.6, Close: true}, byThreshold([]float64{1.6}, 2, 1), "in between")
	assert.Equal(t, results.Finding{Verdict: results.Confirmed, Number: 3, Low: 0.1, High: 4, Close: true}, byThreshold([]float64{4, 0.1, 3}, 2, 1), "a repeat says otherwise")
	assert.Equal(t, results.Finding{Verdict: results.Confirmed, Number: 1, Low: 1, High: 1}, byThreshold([]float64{1}, 2, 5), "less is yes")
	assert.Equal(t, results.Finding{Verdict: results.Refuted, Number: 7, Low: 7, High: 7}, byThreshold([]float64{7}, 2, 5), "less is yes")
}

// The claim's verdict is the verdict on the servers that it is about.
func TestAClaimsVerdict(t *testing.T) {
	find := func(server string, v results.Verdict) results.Finding {
		return results.Finding{Server: server, Verdict: v}
	}
	for _, test := range []struct {
		about []results.Finding
		want  results.Verdict
		when  string
	}{
		{nil, results.NotMeasurable, ""},
		{[]results.Finding{find("a", results.Confirmed), find("b", results.Confirmed)}, results.Confirmed, ""},
		{[]results.Finding{find("a", results.Refuted), find("b", results.Refuted)}, results.Refuted, ""},
		{[]results.Finding{find("a", results.Refuted), find("b", results.Confirmed)}, results.OnlyWhen, "the server is b"},
		{[]results.Finding{find("a", results.NotMeasurable)}, results.NotMeasurable, ""},
	} {
		v, when := common(nil, test.about)
		assert.Equal(t, test.want, v)
		assert.Equal(t, test.when, when)
	}
}

// Probes show that one client stalls a server for as long as it likes, and that it
// does not stall another server.
func TestProbesShowAStall(t *testing.T) {
	const from, until = 200 * time.Millisecond, 900 * time.Millisecond
	for _, test := range []struct {
		name    string
		server  server.Server
		stalled bool
	}{
		{"one at a time", singleblocking.New(server.Config{}), true},
		{"event loop", eventloop.New(eventloop.Config{}), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			served := make(chan error, 1)
			go func() { served <- test.server.Serve(ln) }()
			for _, kind := range []results.AttackKind{results.IdleClient, results.HalfFrame, results.Dribble} {
				// A busy machine may stall any server, but not each time. A server that the
				// client stalls has no good time.
				for try := 1; ; try++ {
					line, err := call(t.Context(), ln.Addr().String(), 1200*time.Millisecond, []results.Attack{{Kind: kind, From: from, Until: until}}, nil)
					require.NoError(t, err)
					assert.Zero(t, line.Failed(), line.First)
					calls := 0
					for _, m := range line.Steps {
						calls += m.Calls
					}
					assert.Equal(t, 240, calls, "20 probes, ten times a second, whatever the server does")
					if stalled := line.Worst(from, until) >= (until-from)/2; stalled == test.stalled {
						break
					}
					require.False(t, test.stalled, kind)
					require.Less(t, try, 30, "%s: it is stalled each time", kind)
				}
			}
			require.NoError(t, test.server.Shutdown(context.Background()))
			assert.ErrorIs(t, <-served, server.ErrServerClosed)
		})
	}
}

// An experiment runs with the servers that it can judge.
func TestAnExperimentsServers(t *testing.T) {
	serial, loop := &results.Server{Target: results.Target{Name: "serial", OneAtATime: true}}, &results.Server{Target: results.Target{Name: "eventloop"}}
	assert.True(t, experimentAlone.RunsWith(serial))
	assert.False(t, experimentSilent.RunsWith(serial))
	assert.False(t, experimentSwitches.RunsWith(serial))
	assert.True(t, experimentSwitches.RunsWith(loop))
	assert.False(t, experimentBusy.RunsWith(loop), "it has no runs")
	other := &results.Server{Target: results.Target{Name: "other", Protocol: "resp"}}
	assert.False(t, experimentAlone.RunsWith(other))
}
