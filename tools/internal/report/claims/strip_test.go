package claims

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/report/plot"
	"github.com/ioflavors/ioflavors/tools/internal/report/reporttest"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

func TestStrip(t *testing.T) {
	r := reporttest.Sample(t)
	p := claimOf(t, r, "E2").Strip
	require.NotNil(t, p)
	assert.Equal(t, 1, reporttest.Paths(p, "ring"), "the number to quote")
	assert.Equal(t, 1, reporttest.Paths(p, "full c1"), "serial: confirmed")
	assert.Equal(t, 1, reporttest.Paths(p, "hollow c0"), "quick: refuted")
	assert.Contains(t, p.Desc, "quick 300 µs, no; serial 2.00 s, yes; spins 40.0 ms, no")
	assert.Contains(t, p.Desc, "logarithmic", "they spread widely")
	assert.NotContains(t, claimOf(t, r, "E6").Strip.Desc, "logarithmic")
	assert.Contains(t, reporttest.Text(p), "10 ms")
}

func TestUnitsOnAnAxis(t *testing.T) {
	x, ok := plot.Fitting([]float64{0, 8}, 0, 300)
	require.True(t, ok)
	for unit, want := range map[string]string{"ms": "2 ms", "%": "2 %", "": "2", "calls/request": "2"} {
		labels := amountLabels(x, unit)
		assert.Equal(t, "0", labels[0].Text)
		assert.Equal(t, want, labels[1].Text)
	}
}

func TestEqualNumbersAreStacked(t *testing.T) {
	x, ok := plot.Fitting([]float64{1, 1, 5, 1.01}, 0, 300)
	require.True(t, ok)
	var all []placed
	for _, n := range []float64{1, 1, 5, 1.01} {
		all = append(all, placed{Finding: results.Finding{Number: n}})
	}
	assert.Equal(t, []int{0, 1, 0, 2}, stacked(all, x))
}

func TestFindings(t *testing.T) {
	r := reporttest.Sample(t)
	c := claimOf(t, r, "E2")
	f := c.Pictures[len(c.Pictures)-1]
	assert.Equal(t, []string{"spins", "no", "40.0 ms", "30.0 ms–1.50 s"}, reporttest.Row(t, f.Table, "spins"))
	assert.Equal(t, []string{"quick", "no", "300 µs", format.Absent}, reporttest.Row(t, f.Table, "quick"))
	assert.Equal(t, 2*3+1*3, reporttest.Paths(f.Picture, "whisker"), "of those with a range, and in the key")
	assert.True(t, c.Findings[2].Close)
	assert.True(t, claimOf(t, r, "E6").Findings[0].Surprising)
}
