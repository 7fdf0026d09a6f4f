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

func TestADeafReaderIsJudgedByTheLongestWait(t *testing.T) {
	for _, test := range []struct {
		wait time.Duration
		want results.Verdict
	}{{deafAttack, results.Confirmed}, {5 * time.Millisecond, results.Refuted}} {
		line := &results.Timeline{Step: callStep, Steps: make([]results.Moment, deafLength/callStep)}
		for _, a := range deafAttacks() {
			line.Steps[a.From/callStep].Worst = test.wait
		}
		line.Steps[0].Failed = 1
		line.Steps[deafAttacks()[0].Until/callStep].Worst = time.Hour // between attacks
		s := &results.Server{Subject: results.Subject{Name: "singleblocking"}}
		r := &results.Results{Servers: []*results.Server{s}, Trials: []results.Trial{{
			Experiment: "E11", Server: s.Name, Callers: line, Attacks: deafAttacks(), Figures: map[string]float64{rssGrowth: 3 << 20, socketGrowth: 5 << 20},
		}}}
		f, measured := experimentDeaf.judge(r, s)
		require.True(t, measured)
		assert.Equal(t, test.want, f.Verdict)
		assert.False(t, f.Close)
		assert.Contains(t, f.Why, "memory grew by 3.00 MiB, that of the kernel's sockets by 5.00 MiB; 1 caller got no answer")
	}
	s := &results.Server{Subject: results.Subject{Name: "eventloop"}}
	f, measured := experimentDeaf.judge(&results.Results{Trials: []results.Trial{{Experiment: "E11", Server: s.Name, Note: "it ended"}}}, s)
	require.True(t, measured)
	assert.Equal(t, results.Finding{Verdict: results.NotMeasurable, Why: "it ended"}, f)
	_, measured = experimentDeaf.judge(&results.Results{}, s)
	assert.False(t, measured)
}

func TestGrowth(t *testing.T) {
	assert.Equal(t, map[string]float64{rssGrowth: 5, socketGrowth: 0}, growth([]memorySample{{1, 10, 30}, {2, 12, 20}, {3, 17, 25}, {4, 15, 8}}, 2))
	assert.Nil(t, growth([]memorySample{{1, 10, 30}}, 2), "nothing after")
	assert.Nil(t, growth(nil, 2), "not known here")
}

// A server in a process of its own is measured, and its callers are answered.
func TestADeafReaderIsMeasured(t *testing.T) {
	b := &bench.Bench{Results: &results.Results{}}
	s := &results.Server{Subject: labtest.Subject(t, "right")}
	require.NoError(t, experimentDeaf.run(t.Context(), b, s))
	require.Len(t, b.Results.Trials, 1)
	trial := b.Results.Trials[0]
	assert.Zero(t, trial.Callers.Failed(), trial.Callers.First)
	assert.Len(t, trial.Attacks, deafTimes)
	if runtime.GOOS == "linux" {
		assert.Contains(t, trial.Figures, rssGrowth)
	}
	_, measured := experimentDeaf.judge(b.Results, s)
	assert.True(t, measured)
}
