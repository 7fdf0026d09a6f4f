package load

import (
	"encoding/json"
	"math"
	"testing"
	"time"

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
	h := NewHistogram()
	require.NoError(t, h.RecordValue(5))
	times, err := Summarize(h)
	require.NoError(t, err)
	again, err := times.Decode()
	require.NoError(t, err)
	assert.EqualValues(t, 1, again.TotalCount())
}

// An unknown figure is not 0: it is absent, and no rule judges it.
func TestAGeneratorThatKnowsNothingOfItselfSaysSo(t *testing.T) {
	text, err := json.Marshal(Generator{Busy: 0.5})
	require.NoError(t, err)
	for _, name := range []string{"cpu", "run_queue", "ceiling"} {
		assert.NotContains(t, string(text), `"`+name+`"`)
	}
	text, err = json.Marshal(Generator{CPU: new(0.0), RunQueue: new(0.0)})
	require.NoError(t, err)
	assert.Contains(t, string(text), `"cpu":0`)
	assert.Contains(t, string(text), `"run_queue":0`)

	assert.False(t, Generator{}.WaitedOver(0))
	assert.False(t, Generator{RunQueue: new(0.05)}.WaitedOver(0.05))
	assert.True(t, Generator{RunQueue: new(0.06)}.WaitedOver(0.05))
}

func TestSummarizeLeavesOutChance(t *testing.T) {
	h := NewHistogram()
	for i := range 999 {
		Record(h, time.Duration(i+1)*time.Microsecond)
	}
	l, err := Summarize(h)
	require.NoError(t, err)
	assert.InEpsilon(t, 500*time.Microsecond, l.P50, 0.01)
	assert.InEpsilon(t, 900*time.Microsecond, l.P90, 0.01)
	assert.Zero(t, l.P99, "9.99 requests lie beyond")
	assert.InEpsilon(t, 999*time.Microsecond, l.Max, 0.01)
	Record(h, time.Second)
	l, err = Summarize(h)
	require.NoError(t, err)
	assert.NotZero(t, l.P99)
}
