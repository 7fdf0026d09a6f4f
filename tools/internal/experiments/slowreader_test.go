//go:build unix

package experiments

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/bench"
	"github.com/ioflavors/ioflavors/tools/internal/labtest"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

func TestASlowReaderIsJudgedByTheLongestWait(t *testing.T) {
	for _, test := range []struct {
		wait time.Duration
		want results.Verdict
	}{{slowReaderAttack, results.Confirmed}, {5 * time.Millisecond, results.Refuted}} {
		line := &results.Timeline{Step: callStep, Steps: make([]results.Moment, slowReaderLength/callStep)}
		for _, a := range slowReaderAttacks() {
			line.Steps[a.From/callStep].Worst = test.wait
		}
		line.Steps[0].Failed = 1
		line.Steps[slowReaderAttacks()[0].Until/callStep].Worst = time.Hour // between attacks
		s := &results.Server{Target: results.Target{Name: "singleblocking"}}
		r := &results.Results{Servers: []*results.Server{s}, Trials: []results.Trial{{
			Experiment: "E11", Server: s.Name, Probes: line, Attacks: slowReaderAttacks(), Figures: map[string]float64{rssGrowth: 3 << 20, socketGrowth: 5 << 20},
		}}}
		f, measured := experimentSlowReader.judge(r, s)
		require.True(t, measured)
		assert.Equal(t, test.want, f.Verdict)
		assert.False(t, f.Close)
		assert.Contains(t, f.Why, "memory grew by 3.00 MiB, that of the kernel's sockets by 5.00 MiB; 1 probe got no answer")
	}
	s := &results.Server{Target: results.Target{Name: "eventloop"}}
	f, measured := experimentSlowReader.judge(&results.Results{Trials: []results.Trial{{Experiment: "E11", Server: s.Name, Note: "it ended"}}}, s)
	require.True(t, measured)
	assert.Equal(t, results.Finding{Verdict: results.NotMeasurable, Why: "it ended"}, f)
	_, measured = experimentSlowReader.judge(&results.Results{}, s)
	assert.False(t, measured)
}

func TestGrowth(t *testing.T) {
	assert.Equal(t, map[string]float64{rssGrowth: 5, socketGrowth: 0}, growth([]memorySample{{1, 10, 30}, {2, 12, 20}, {3, 17, 25}, {4, 15, 8}}, 2))
	assert.Nil(t, growth([]memorySample{{1, 10, 30}}, 2), "nothing after")
	assert.Nil(t, growth(nil, 2), "not known here")
}

// A server in a process of its own is measured, and its probes are answered.
func TestASlowReaderIsMeasured(t *testing.T) {
	b := &bench.Bench{Results: &results.Results{}}
	s := &results.Server{Target: labtest.Target(t, "right")}
	require.NoError(t, experimentSlowReader.run(t.Context(), b, s))
	require.Len(t, b.Results.Trials, 1)
	trial := b.Results.Trials[0]
	assert.Zero(t, trial.Probes.Failed(), trial.Probes.First)
	assert.Len(t, trial.Attacks, slowReaderTimes)
	if runtime.GOOS == "linux" {
		assert.Contains(t, trial.Figures, rssGrowth)
	}
	_, measured := experimentSlowReader.judge(b.Results, s)
	assert.True(t, measured)
}
