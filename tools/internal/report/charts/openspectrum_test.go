package charts

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/report/reporttest"
)

func TestTheRateToCompareAt(t *testing.T) {
	r := reporttest.Sample(t)
	w, kept, ok := comparable(r)
	require.True(t, ok)
	assert.Equal(t, 4000.0, r.Plan.Open[w].Rate, "two of three kept it, and none the next")
	assert.Equal(t, 2, kept)

	for i := range r.OpenSummary {
		if s := &r.OpenSummary[i]; s.Server != "quick" {
			s.Rounds = 0
		}
	}
	w, kept, ok = comparable(r)
	require.True(t, ok)
	assert.Equal(t, 4000.0, r.Plan.Open[w].Rate, "one is the most there is")
	assert.Equal(t, 1, kept)
}

func TestResponseAndService(t *testing.T) {
	r := reporttest.Sample(t)
	f := OpenSpectrum(r)
	require.NotNil(t, f.Picture)
	assert.Contains(t, reporttest.Text(f.Picture), "Open loop · 4,000 requests/s")
	assert.Contains(t, reporttest.Text(f.Picture), "rate not kept", "serial’s")
	assert.Equal(t, 1, reporttest.Paths(f.Picture, "curve c2"), "response")
	assert.Equal(t, 1, reporttest.Paths(f.Picture, "curve d1 c2"), "service")
	assert.Equal(t, []string{"quick", "response", "90.0 µs"}, reporttest.Row(t, f.Table, "quick")[:3])
	assert.Contains(t, f.Remarks[0], "the highest rate that most models kept in a valid measurement: 4,000 requests/s, kept by 2 of 3")

	r.OpenSummary[2].Rounds = 0 // quick, at 4,000/s
	r.OpenSummary[10].Kept = true
	r.Plan.Open = r.Plan.Open[:3]
	r.OpenSummary[6].Kept = true
	f = OpenSpectrum(r)
	assert.Contains(t, reporttest.Text(f.Picture), "VOID")
	assert.Equal(t, "VOID", reporttest.Row(t, f.Table, "quick")[2])
	assert.Zero(t, reporttest.Paths(f.Picture, "curve d1 c0"))
}

func TestABrokenOpenHistogramIsToldOf(t *testing.T) {
	r := reporttest.Sample(t)
	for i := range r.OpenSummary {
		r.OpenSummary[i].Service.Histogram = "HISTnonsense"
	}
	f := OpenSpectrum(r)
	assert.Nil(t, f.Picture)
	assert.Contains(t, f.Remarks[0], "quick: load: histogram")
}
