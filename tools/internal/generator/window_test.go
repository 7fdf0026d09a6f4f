package generator

import (
	"slices"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// Histograms hold, sum up and merge every time that a clock can give, to
// three digits.
func TestNoTimeIsTooLongForAHistogram(t *testing.T) {
	for _, long := range []time.Duration{86 * time.Second, 1<<63 - 1} {
		w := newWindow(time.Second)
		w.begin(0, 1)
		w.count(request{due: 1, sent: 1}, long, true)
		w.countLag(request{due: 1, sent: long}, 0)
		for name, h := range map[string]*hdrhistogram.Histogram{"response": w.response, "service": w.service, "lag": w.lag} {
			times, err := load.Summarize(h)
			require.NoError(t, err)
			both, err := load.Merge(times, times)
			require.NoError(t, err)
			assert.EqualValues(t, 2, both.Count, name)
			for _, longest := range []time.Duration{times.Max, both.Max} {
				assert.InEpsilon(t, long.Seconds(), longest.Seconds(), 0.001, name)
			}
			assert.InEpsilon(t, float64(long), both.Mean, 0.001, name)
		}
	}
}

// If the window is longer than the series has room for, the steps are
// longer.
func TestTheSeriesIsOfTheWholeWindow(t *testing.T) {
	for length, step := range map[time.Duration]time.Duration{
		time.Second: load.SeriesStep, time.Hour: load.SeriesStep, time.Hour + 1: 2 * load.SeriesStep, 24 * time.Hour: 32 * load.SeriesStep,
	} {
		w := newWindow(length)
		w.begin(0, 1)
		assert.Equal(t, step, w.step)
		for at := w.step / 2; at < length; at += w.step {
			w.count(request{due: at, sent: at}, 1+at, true)
		}
		w.end(1 + length)
		assert.LessOrEqual(t, len(w.series), maxSteps)
		full := slices.MaxFunc(w.series, func(a, b load.Step) int { return int(a.Requests - b.Requests) })
		assert.EqualValues(t, 1, full.Requests, "of %v", length)
		assert.GreaterOrEqual(t, w.step*time.Duration(len(w.series)), length)
	}
}

// A reply counts if its request was due in the window, however late the
// reply comes.
func TestWindowOfAnOpenLoop(t *testing.T) {
	const s = time.Second
	w := newWindow(10 * s)
	w.count(request{due: 1 * s, sent: 1 * s}, 2*s, true) // before it began
	w.begin(9*s, 10*s)
	w.count(request{due: 8 * s, sent: 8 * s}, 11*s, true)   // due before, answered within
	w.count(request{due: 12 * s, sent: 15 * s}, 16*s, true) // waited for its connection
	w.countLag(request{due: 12 * s, sent: 15 * s}, 14*s)    // which had room at 14
	w.end(20 * s)
	w.endPause = s / 2
	w.count(request{due: 19 * s, sent: 19 * s}, 22*s, true) // late, and half a second of it was ours
	w.count(request{due: 21 * s, sent: 21 * s}, 22*s, true) // due after
	assert.EqualValues(t, 2, w.requests, "the replies that were read in it")
	assert.EqualValues(t, 2, w.response.TotalCount(), "the requests that were due in it")
	assert.InEpsilon(t, 4*s, w.response.Max(), 0.001)
	assert.InEpsilon(t, 2500*time.Millisecond, w.response.Min(), 0.001)
	assert.InEpsilon(t, 1*s, w.service.Min(), 0.001)
	assert.EqualValues(t, 1, w.lag.TotalCount())
	assert.InEpsilon(t, 1*s, w.lag.Max(), 0.001)
	assert.EqualValues(t, 1, w.series[10].Requests)
	assert.Equal(t, 2*s, w.series[10].Max, "a second of the three was ours")
}

// The last requests of the window are sent just after the moment at which it ends, and
// before End is called. The server's time once included that of End, so a service time
// could be longer than the response time.
func TestAServiceTimeIsWithoutTheCallOfEnd(t *testing.T) {
	const ms = time.Millisecond
	w := newWindow(100 * ms)
	w.begin(0, 1)
	w.end(100 * ms)
	w.endPause = 10 * ms
	w.count(request{due: 99 * ms, sent: 101 * ms}, 115*ms, true)
	assert.InEpsilon(t, 6*ms, w.response.Max(), 0.001)
	assert.InEpsilon(t, 5*ms, w.service.Max(), 0.001)
	w.count(request{due: 99 * ms, sent: 111 * ms}, 112*ms, true)
	assert.InEpsilon(t, 1*ms, w.service.Min(), 0.001, "sent after the call")
}

func TestWindowForgivesThePause(t *testing.T) {
	w := newWindow(time.Second)
	w.begin(10*time.Second, 12*time.Second)
	at := func(t time.Duration) request { return request{due: t, sent: t} }
	w.count(at(9*time.Second), 13*time.Second, false)  // 4 s, of which 2 s are the generator's
	w.count(at(12*time.Second), 14*time.Second, false) // made later
	assert.EqualValues(t, 2, w.requests)
	assert.InEpsilon(t, 2*time.Second, w.response.Max(), 0.001)
	assert.InEpsilon(t, 2*time.Second, w.response.Min(), 0.001)
}
