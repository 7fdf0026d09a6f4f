package claims

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/experiments"
	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/report/reporttest"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

func TestTrend(t *testing.T) {
	f := claimOf(t, reporttest.Sample(t), "E6").Pictures[0]
	require.Equal(t, "trend-e6", f.ID)
	assert.Equal(t, "E6 · CPU/request, µs by silent connections", f.Picture.Title)
	assert.Equal(t, []string{"model", "0", "100", "1,000", "10,000"}, f.Table.Head)
	assert.Equal(t, []string{"quick", "10.0 µs", "10.0 µs", "10.0 µs", "10.0 µs"}, reporttest.Row(t, f.Table, "quick"))
	assert.Equal(t, []string{"serial", "10.0 µs", format.Absent, format.Absent, format.Absent}, reporttest.Row(t, f.Table, "serial"))
	assert.Equal(t, []string{"spins", "10.0 µs", "30.0 µs", format.Absent, "2.01 ms"}, reporttest.Row(t, f.Table, "spins"))
	assert.Equal(t, 3, reporttest.Paths(f.Picture, "full c2")-1, "a mark for each run that is known, and one in the head")
	assert.Contains(t, reporttest.Text(f.Picture), "10.0 µs → 2.01 ms")
	assert.Equal(t, 3, reporttest.Paths(f.Wide, "full c2")-1, "the same in another width")
}

// statement returns the statement of the experiment with that number; for an
// experiment of another version, a statement with the number only.
func statement(id string) *results.Statement {
	for _, e := range experiments.All() {
		if e.ID == id {
			return &e.Statement
		}
	}
	return &results.Statement{ID: id}
}

// A trend shows the measure that the experiment names, or else the first
// measure that was varied. So an unknown experiment has a picture, too.
func TestWhatATrendShows(t *testing.T) {
	run := func(x float64) results.Trial {
		return results.Trial{X: x, Load: &load.Result{Rate: x, Served: 3, Requests: 10}, Resources: &results.Resources{CPU: time.Second, Voluntary: 5}}
	}
	both := []results.Trial{run(1), run(10)}
	for id, want := range map[string]results.Measure{"E1": results.ClientsServed, "E6": results.CPUPerRequest, "E8": results.SwitchesPerRequest, "Z9": results.CPUPerRequest} {
		chosen, ok := trendOf(statement(id), both)
		assert.True(t, ok)
		assert.Equal(t, want, chosen.name, id)
	}
	both[0].Resources = nil
	chosen, _ := trendOf(statement("Z9"), both)
	assert.Equal(t, results.RequestRate, chosen.name, "CPU is known at one x only")
	_, ok := trendOf(statement("E6"), []results.Trial{run(5), run(5), run(0)})
	assert.False(t, ok, "one x above 0 is no line")
	chosen, ok = trendOf(statement("E8"), []results.Trial{{X: 1, Figures: map[string]float64{"b": 1, "a": 2}}, {X: 2, Figures: map[string]float64{"b": 1, "a": math.NaN()}}})
	assert.True(t, ok)
	assert.Equal(t, results.Measure("b"), chosen.name)
	assert.Equal(t, "connections", chosen.against)

	own := &results.Statement{ID: "Z9", Shows: "a", Against: "threads"}
	figures := []results.Trial{run(1), run(2)}
	for i := range figures {
		figures[i].Figures = map[string]float64{"a": 1}
	}
	chosen, ok = trendOf(own, figures)
	assert.True(t, ok)
	assert.Equal(t, results.Measure("a"), chosen.name, "an experiment may show one of its own figures")
	assert.Equal(t, "threads", chosen.against)
}

// Different cases with the same number of connections make no trend.
func TestCasesAreNoTrend(t *testing.T) {
	run := func(name string, x float64) results.Trial {
		return results.Trial{Case: name, X: x, Resources: &results.Resources{RSS: 1 << 20}}
	}
	_, ok := trendOf(statement("E9"), []results.Trial{run("come and go", 20), run("stay", 256), run("compute", 256)})
	assert.False(t, ok)
	_, ok = trendOf(statement("E9"), []results.Trial{run("20", 20), run("256", 256), run("256", 256)})
	assert.True(t, ok)
}

func TestRepeatsAreOnePoint(t *testing.T) {
	m, known := measureOf(results.RequestRate, nil)
	require.True(t, known)
	rate := func(x, y float64) results.Trial { return results.Trial{Server: "a", X: x, Load: &load.Result{Rate: y}} }
	assert.Equal(t, []value{{1, 20}, {2, 5}}, m.values([]results.Trial{rate(2, 5), rate(1, 10), rate(1, 90), rate(1, 20)}, "a"))
}
