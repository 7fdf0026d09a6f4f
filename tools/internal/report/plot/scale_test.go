package plot

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/format"
)

func TestFitting(t *testing.T) {
	s, ok := Fitting([]float64{0, 2, 8}, 0, 100)
	require.True(t, ok)
	assert.True(t, s.even)
	assert.Zero(t, s.At(0))
	assert.Equal(t, []float64{0, 2, 4, 6, 8}, s.Ticks())
	s, _ = Fitting([]float64{0, 1, 1000}, 0, 100)
	assert.False(t, s.even)
	assert.Zero(t, s.At(0), "at the end")
	assert.Greater(t, s.At(1), 8.0, "apart from the numbers that are not 0")
	assert.Zero(t, s.Labels(format.Digits)[0].At)
	s, ok = Fitting([]float64{0, 0}, 0, 100)
	assert.True(t, ok && s.even, "there is something, if nothing")
	s, _ = Fitting([]float64{-10, 5000}, 0, 100)
	assert.True(t, s.even)
	_, ok = Fitting([]float64{math.NaN(), math.Inf(1)}, 0, 1)
	assert.False(t, ok)
	_, ok = Fitting(nil, 0, 1)
	assert.False(t, ok)
}

func TestTicks(t *testing.T) {
	s, ok := Logarithmic([]float64{25e3, 1.2e6}, 0, 100)
	require.True(t, ok)
	assert.Equal(t, []float64{3e4, 1e5, 3e5, 1e6}, s.Ticks())
	_, ok = Logarithmic([]float64{0}, 0, 100)
	assert.False(t, ok)
	s, ok = Logarithmic([]float64{5}, 0, 100)
	require.True(t, ok)
	assert.InDelta(t, 50, s.At(5), 1e-9)
}
