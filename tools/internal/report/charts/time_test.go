package charts

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/report/reporttest"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

func TestWhereTheTimeGoes(t *testing.T) {
	r := reporttest.Sample(t)
	f := Time(r)
	require.NotNil(t, f.Picture)
	assert.Equal(t, []string{"model", "all", "write", "read", "wait", "scheduler", "loop", "codec", "store", "collector", "without samples", "samples", "explained"}, f.Table.Head,
		"nothing is spent on the others")
	assert.Equal(t, []string{"spins", "12.4", "6.00", "3.50", "0.00", "0.00", "0.90", "0.80", "0.70", "0.00", "0.50", "119", "96 %"}, reporttest.Row(t, f.Table, "spins"))
	assert.Equal(t, format.Absent, reporttest.Row(t, f.Table, "quick")[1])
	shown := reporttest.Text(f.Picture)
	for _, want := range []string{"not profiled", "12.4 µs", "18.4 µs", "Go's scheduler and netpoller", "without samples"} {
		assert.Contains(t, shown, want)
	}
	assert.Equal(t, 2+1, reporttest.Paths(f.Picture, partClass(look(results.TimeWrite), len(results.Activities))), "a part of each bar, and the key")
	assert.NotEmpty(t, f.Remarks)

	r.Time = nil
	f = Time(r)
	assert.Nil(t, f.Picture)
	assert.NotEmpty(t, f.Missing)
}

// No two parts of a bar look the same.
func TestPartsLookDifferent(t *testing.T) {
	seen := make(map[string]bool)
	for i := range len(results.Activities) + 1 {
		look := partClass(i, len(results.Activities)) + string(rune('0'+pattern(i)))
		assert.False(t, seen[look], look)
		seen[look] = true
	}
}
