package report

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/experiments"
	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

func TestTrend(t *testing.T) {
	f := claimOf(t, sample(t), "E6").Pictures[0]
	require.Equal(t, "trend-e6", f.ID)
	assert.Equal(t, "E6 · CPU/request, µs by silent connections", f.Picture.Title)
	assert.Equal(t, []string{"model", "0", "100", "1,000", "10,000"}, f.Table.Head)
	assert.Equal(t, []string{"quick", "10.0 µs", "10.0 µs", "10.0 µs", "10.0 µs"}, rowOf(t, f.Table, "quick"))
	assert.Equal(t, []string{"serial", "10.0 µs", format.Absent, format.Absent, format.Absent}, rowOf(t, f.Table, "serial"))
	assert.Equal(t, []string{"spins", "10.0 µs", "30.0 µs", format.Absent, "2.01 ms"}, rowOf(t, f.Table, "spins"))
	assert.Equal(t, 3, marks(f.Picture, "full c2")-1, "a mark for each run that is known, and one in the head")
	assert.Contains(t, pictureText(f.Picture), "10.0 µs → 2.01 ms")
}

// statement is what the experiment of that number says, or of another version's that
// there is nothing but the number.
func statement(id string) *results.Statement {
	for _, e := range experiments.All() {
		if e.ID == id {
			return &e.Statement
		}
	}
	return &results.Statement{ID: id}
}

// An experiment that nothing is known of here has a picture, too, of the first
// measure that was varied; its own if that is known.
func TestWhatATrendShows(t *testing.T) {
	run := func(x float64) results.Trial {
		return results.Trial{X: x, Load: &load.Result{Rate: x, Served: 3, Requests: 10}, Resources: &results.Resources{CPU: time.Second, Voluntary: 5}}
	}
	both := []results.Trial{run(1), run(10)}
	for id, want := range map[string]string{"E1": "clients served", "E6": "CPU/request", "E8": "switches/request", "Z9": "CPU/request"} {
		chosen, ok := trendOf(statement(id), both)
		assert.True(t, ok)
		assert.Equal(t, want, chosen.name, id)
	}
	both[0].Resources = nil
	chosen, _ := trendOf(statement("Z9"), both)
	assert.Equal(t, "requests/s", chosen.name, "CPU is known at one x only")
	_, ok := trendOf(statement("E6"), []results.Trial{run(5), run(5), run(0)})
	assert.False(t, ok, "one x above 0 is no line")
	chosen, ok = trendOf(statement("E8"), []results.Trial{{X: 1, Figures: map[string]float64{"b": 1, "a": 2}}, {X: 2, Figures: map[string]float64{"b": 1, "a": math.NaN()}}})
	assert.True(t, ok)
	assert.Equal(t, "b", chosen.name)
	assert.Equal(t, "connections", chosen.against)
}

// Cases that have as many connections are no steps of them.
func TestCasesAreNoTrend(t *testing.T) {
	run := func(name string, x float64) results.Trial {
		return results.Trial{Case: name, X: x, Resources: &results.Resources{RSS: 1 << 20}}
	}
	_, ok := trendOf(statement("E9"), []results.Trial{run("come and go", 20), run("stay", 256), run("compute", 256)})
	assert.False(t, ok)
	_, ok = trendOf(statement("E9"), []results.Trial{run("20", 20), run("256", 256), run("256", 256)})
	assert.True(t, ok)
}

func TestAnotherMeasureByCase(t *testing.T) {
	r := sample(t)
	for i := range r.Trials {
		if trial := &r.Trials[i]; trial.Experiment == "E10" {
			trial.Experiment, trial.Resources = "E9", &results.Resources{CPU: time.Duration(len(trial.Case)) * time.Millisecond}
		}
	}
	f := claimOf(t, r, "E9").Pictures[0]
	assert.Equal(t, []string{"quick", "a handler that sleeps", format.Absent, "10.5 µs"}, f.Table.Rows[0])
	assert.NotContains(t, pictureText(f.Picture), "p50")
	assert.Contains(t, f.Remarks[0], "6 of 6 runs")
}

func TestRepeatsAreOnePoint(t *testing.T) {
	rate := func(x, y float64) results.Trial { return results.Trial{Server: "a", X: x, Load: &load.Result{Rate: y}} }
	assert.Equal(t, []value{{1, 20}, {2, 5}}, rateMeasure.values([]results.Trial{rate(2, 5), rate(1, 10), rate(1, 90), rate(1, 20)}, "a"))
}

func TestCases(t *testing.T) {
	r := sample(t)
	f := claimOf(t, r, "E10").Pictures[0]
	require.Equal(t, "cases-e10", f.ID)
	assert.Len(t, f.Table.Rows, 6)
	assert.Equal(t, []string{"quick", "a handler that sleeps"}, f.Table.Rows[0][:2])
	assert.Equal(t, duration(float64(r.Trials[trialAt(r, "E10")].Load.Response.P99)), f.Table.Rows[0][3])
	assert.Contains(t, pictureText(f.Picture), "a handler that computes, and for lo…")

	// One of them lacks a case, and then there is one case.
	r.Trials[trialAt(r, "E10")].Load = nil
	assert.Equal(t, []string{"quick", "a handler that sleeps", format.Absent, format.Absent}, caseTable(t, r)[0])
	for i := range r.Trials {
		if r.Trials[i].Experiment == "E10" {
			r.Trials[i].Case = "the same"
		}
	}
	assert.Empty(t, claimOf(t, r, "E10").Pictures)
}

func caseTable(t *testing.T, r *results.Results) [][]string {
	t.Helper()
	var rows [][]string
	for _, row := range claimOf(t, r, "E10").Pictures[0].Table.Rows {
		if row[0] == "quick" && row[1] == "a handler that sleeps" {
			rows = append(rows, row)
		}
	}
	require.NotEmpty(t, rows)
	return rows
}

// trialAt is where an experiment's runs begin.
func trialAt(r *results.Results, id string) int {
	for i, t := range r.Trials {
		if t.Experiment == id {
			return i
		}
	}
	return -1
}

func TestTrialTable(t *testing.T) {
	r := sample(t)
	all := claimOf(t, r, "E6").Trials
	assert.Equal(t, []string{"model", "case", "silent connections", "requests/s", "p50", "p99", "clients served", "CPU/request", "switches/request", "RSS", "note"}, all.Head)
	assert.Len(t, all.Rows, 12)
	quick := rowOf(t, all, "quick")
	assert.Equal(t, []string{"quick", "so many are silent", "0", "2,000"}, quick[:4])
	assert.Equal(t, []string{"10.0 µs", "2", "15 MiB", format.Absent}, quick[7:])
	assert.Equal(t, "it serves one client at a time", all.Rows[5][10])

	assert.Equal(t, []string{"quick", format.Absent, "1", "a: 1\nwakeups/s: 0"}, rowOf(t, claimOf(t, r, "E8").Trials, "quick"))
	assert.Equal(t, []string{"model", "case", "note"}, claimOf(t, r, "Z99").Trials.Head, "columns without anything are left out")
	assert.Equal(t, "VOID: the generator was late", rowOf(t, claimOf(t, r, "E10").Trials, "quick")[6])
	assert.Equal(t, []string{"serial", "a slow reader", format.Absent, "400", "the first that was not answered: refused"}, rowOf(t, claimOf(t, r, "E11").Trials, "serial"))
}

func TestFitting(t *testing.T) {
	s, ok := fitting([]float64{0, 2, 8}, 0, 100)
	require.True(t, ok)
	assert.True(t, s.even)
	assert.Zero(t, s.at(0))
	assert.Equal(t, []float64{0, 2, 4, 6, 8}, s.ticks())
	s, _ = fitting([]float64{0, 1, 1000}, 0, 100)
	assert.False(t, s.even)
	assert.Zero(t, s.at(0), "at the end")
	assert.Greater(t, s.at(1), 8.0, "apart from what is not 0")
	assert.Zero(t, s.labelled()[0])
	s, ok = fitting([]float64{0, 0}, 0, 100)
	assert.True(t, ok && s.even, "there is something, if nothing")
	s, _ = fitting([]float64{-10, 5000}, 0, 100)
	assert.True(t, s.even)
	_, ok = fitting([]float64{math.NaN(), math.Inf(1)}, 0, 1)
	assert.False(t, ok)
	_, ok = fitting(nil, 0, 1)
	assert.False(t, ok)
}

func TestAmounts(t *testing.T) {
	assert.Equal(t, "2.00 s", amount(2, "s"))
	assert.Equal(t, "300 µs", amount(0.0003, "s"))
	assert.Equal(t, "0 s", amount(0, "s"))
	assert.Equal(t, "12,345 requests/s", amount(12345, "requests/s"))
	assert.Equal(t, "0.0021", amount(0.0021, ""))
	assert.Equal(t, "0.50 %", amount(0.5, "%"))
	assert.Equal(t, "1.99–2.01 s", amounts(1.99, 2.01, "s"))
	assert.Equal(t, "999 ms–1.50 s", amounts(0.999, 1.5, "s"))
	assert.Empty(t, amounts(2.001, 2.0011, "s"))
}
