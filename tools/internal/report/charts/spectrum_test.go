package charts

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/report/reporttest"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// Two rounds of which one is slow: the percentile of both together is not the
// mean of theirs.
func TestPercentilesAreMerged(t *testing.T) {
	rounds := []results.Cell{
		{Load: reporttest.LoadOf(t, 1000, 1, false, 10)},
		{Load: reporttest.LoadOf(t, 1000, 1, false, 1_000_000)},
	}
	h, err := merged(rounds)
	require.NoError(t, err)
	assert.EqualValues(t, 2000, h.TotalCount())
	c := newCurve("", 0, h)
	assert.Equal(t, "20.0 µs", c.value(50))
	assert.Equal(t, "1.00 s", c.value(90))
	assert.NotEqual(t, format.Absent, c.value(99))
	assert.Equal(t, format.Absent, c.value(99.9), "two requests lie beyond it")

	h, err = merged(rounds[:1])
	require.NoError(t, err)
	assert.NotEqual(t, format.Absent, newCurve("", 0, h).value(99), "ten lie beyond it")
}

// A curve with exactly as many requests as a percentile needs has a mark there.
func TestACurveReachesThePercentilesThatItHasRequestsFor(t *testing.T) {
	requests := int64(2 * beyond)
	for _, percentile := range marked {
		h := reporttest.NewHistogram()
		require.NoError(t, h.RecordValues(1000, requests))
		c := newCurve("", 0, h)
		assert.GreaterOrEqual(t, c.most, nines(percentile), percentile)
		assert.NotEqual(t, format.Absent, c.value(percentile), percentile)
		if requests *= 10; requests == 200 {
			requests = 100 // from the median to the nines
		}
	}
}
