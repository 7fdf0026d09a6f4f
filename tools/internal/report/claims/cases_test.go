package claims

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/report/reporttest"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

func TestAnotherMeasureByCase(t *testing.T) {
	r := reporttest.Sample(t)
	for i := range r.Trials {
		if trial := &r.Trials[i]; trial.Experiment == "E10" {
			trial.Experiment, trial.Resources = "E9", &results.Resources{CPU: time.Duration(len(trial.Case)) * time.Millisecond}
		}
	}
	f := claimOf(t, r, "E9").Pictures[0]
	assert.Equal(t, []string{"quick", "a handler that sleeps", format.Absent, "10.5 µs"}, f.Table.Rows[0])
	assert.NotContains(t, reporttest.Text(f.Picture), "p50")
	assert.Contains(t, f.Remarks[0], "6 of 6 runs")
}

func TestCases(t *testing.T) {
	r := reporttest.Sample(t)
	f := claimOf(t, r, "E10").Pictures[0]
	require.Equal(t, "cases-e10", f.ID)
	assert.Len(t, f.Table.Rows, 6)
	assert.Equal(t, []string{"quick", "a handler that sleeps"}, f.Table.Rows[0][:2])
	assert.Equal(t, format.Nanoseconds(float64(r.Trials[trialAt(r, "E10")].Load.Response.P99)), f.Table.Rows[0][3])
	assert.Contains(t, reporttest.Text(f.Picture), "a handler that computes, and for lo…")

	// A case without figures has an empty cell. Where all runs are of one case,
	// there is no picture.
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
