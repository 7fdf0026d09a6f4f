package results

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/load"
)

func TestMedian(t *testing.T) {
	assert.Equal(t, 3, Median([]int{3}))
	assert.Equal(t, 2, Median([]int{9, 1, 2}))
	assert.InDelta(t, 2.5, Median([]float64{9, 1, 2, 3}), 1e-9)
	values := []time.Duration{3, 1, 2}
	assert.EqualValues(t, 2, Median(values))
	assert.Equal(t, []time.Duration{3, 1, 2}, values, "unchanged")
}

func TestSummarize(t *testing.T) {
	cell := func(rate float64, cpu time.Duration, errors int64, generator float64) Cell {
		return Cell{
			Server: "a",
			Load: load.Result{
				Workload: load.Workload{Connections: 1, Depth: 1},
				Rate:     rate, Requests: 1000, Seconds: 1, Served: 7, Generator: load.Generator{Busy: generator, Limited: generator > load.GeneratorLimit},
				Response: load.Times{P50: time.Duration(rate), P99: 2 * time.Duration(rate), Mean: 0.75 / rate * 1e9},
				Errors:   load.Errors{Wrong: errors, First: map[bool]string{true: "oh"}[errors > 0]},
			},
			Resources: &Resources{
				Window: time.Second, CPU: cpu, User: cpu / 4, System: cpu * 3 / 4, Voluntary: 500, Involuntary: 20, RunQueue: new(20 * time.Millisecond),
				Threads: 5, RSS: 1 << 20, PSS: 1 << 19, Sockets: 1 << 18,
			},
		}
	}
	runs := []Cell{cell(30, 3*time.Millisecond, 0, 0.9), cell(10, time.Millisecond, 2, 0.7), cell(20, 2*time.Millisecond, 1, 0.85)}
	runs[1].Load.Served = 5
	other := Cell{Server: "b", Workload: 1, Load: load.Result{
		Workload: load.Workload{Connections: 50, Depth: 1}, Rate: 1, Response: load.Times{Mean: 51e9},
	}}
	all := summarize([]*Server{{Target: Target{Name: "a"}}, {Target: Target{Name: "b"}}, {Target: Target{Name: "c"}}},
		Plan{Workloads: Workloads(load.DefaultWorkload())}, append(runs, other))
	require.Len(t, all, 2)
	assert.Equal(t, Summary{
		Server: "a", Rounds: 3, Rate: 20, P50: 20, P99: 40, Hidden: 0.25, Served: 5, Errors: 3, FirstError: "oh", GeneratorLimited: true,
		Cost: &Cost{
			CPU: 2000, Spread: 1, Voluntary: 0.5, Involuntary: 0.02, RunQueue: new(0.02),
			Threads: 5, RSS: 1 << 20, PSS: 1 << 19, Sockets: 1 << 18,
		},
	}, all[0])
	assert.Equal(t, Summary{Server: "b", Workload: 1, Rounds: 1, Rate: 1}, all[1])
}

// The generator was the limit if it was the limit in more than half of the
// rounds.
func TestHalfOfTheRoundsDoNotLimit(t *testing.T) {
	for limited, rounds := range map[int]int{0: 2, 1: 2, 2: 4, 3: 6} {
		runs := make([]Cell, rounds)
		for i := range limited {
			runs[i].Load.Generator.Limited = true
		}
		assert.False(t, summarizeRuns(runs, load.Workload{}).GeneratorLimited, "%d of %d", limited, rounds)
		if limited > 0 {
			assert.True(t, summarizeRuns(runs[:rounds-1], load.Workload{}).GeneratorLimited, "%d of %d", limited, rounds-1)
		}
	}
}

// With six rounds there is an interval: the median of them is between the
// smallest and the largest with a confidence of 1 - 2/2⁶.
func TestInterval(t *testing.T) {
	var runs []Cell
	for i := range 6 {
		runs = append(runs, Cell{Load: load.Result{Requests: 1}, Resources: &Resources{CPU: time.Duration(10 + i)}})
	}
	assert.Equal(t, &Interval{10, 15}, intervalOf(runs))
	assert.Nil(t, intervalOf(runs[:5]))
}

func TestNoise(t *testing.T) {
	cell := func(server string, workload int, cpu time.Duration) Cell {
		return Cell{Server: server, Workload: workload, Load: load.Result{Requests: 1}, Resources: &Resources{CPU: cpu}}
	}
	plan := Plan{Workloads: Workloads(load.DefaultWorkload()), Again: "a"}
	runs := []Cell{cell("a", 0, 95), cell("b", 0, 1), cell("a", 0, 500), cell("a", 0, 90), cell("a", 1, 7)}
	again := []Cell{cell("a", 0, 105), cell("a", 0, 105), cell("a", 2, 1)}
	assert.Equal(t, []Noise{{Server: "a", CPU: 0.1}}, noise(plan, runs, again), "the medians are 95 and 105")
}
