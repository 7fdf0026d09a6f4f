package charts

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/report/plot"
	"github.com/ioflavors/ioflavors/tools/internal/report/reporttest"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

func TestIntervals(t *testing.T) {
	r := reporttest.Sample(t)
	f := Cost(r, 0)
	assert.Zero(t, reporttest.Paths(f.Picture, "whisker"), "too few rounds")
	assert.Equal(t, format.Absent, reporttest.Row(t, f.Table, "quick")[2])

	r.SummaryOf("quick", 0).Cost.Interval = &results.Interval{Low: 50_000, High: 900_000}
	f = Cost(r, 0)
	assert.Equal(t, 3, reporttest.Paths(f.Picture, "whisker"), "a line and its two ends")
	assert.Equal(t, "50.0–900", reporttest.Row(t, f.Table, "quick")[2])
	assert.Contains(t, reporttest.Text(f.Picture), "95 %")
	assert.Zero(t, reporttest.Paths(Cost(r, 1).Picture, "whisker"), "of the other workload")

	// The axis has room for the whole interval: it is not cut off at the last
	// round.
	x, ok := plot.Logarithmic([]float64{50, 900}, plot.Margin+6, plot.Width-plot.Margin-6)
	require.True(t, ok)
	found := false
	for _, m := range f.Picture.Marks {
		found = found || m.Class == "whisker" && m.Path == "M"+plot.Coordinate(x.At(50))+" 61L"+plot.Coordinate(x.At(900))+" 61"
	}
	assert.True(t, found)
}
