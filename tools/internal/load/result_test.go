package load

import (
	"math"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A histogram of five digits takes 50 MB, and a file of results may have
// thousands.
func TestAHistogramOfMoreDigitsIsRefused(t *testing.T) {
	encoded, err := hdrhistogram.New(1, math.MaxInt64, 5).Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	require.NoError(t, err)
	_, err = Times{Count: 1, Histogram: string(encoded)}.Decode()
	require.ErrorContains(t, err, "5 digits")
	h := newHistogram()
	require.NoError(t, h.RecordValue(5))
	times, err := Summarize(h)
	require.NoError(t, err)
	again, err := times.Decode()
	require.NoError(t, err)
	assert.EqualValues(t, 1, again.TotalCount())
}
