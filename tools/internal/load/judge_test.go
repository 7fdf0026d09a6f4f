package load

import (
	"slices"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// believable is a valid result of an open loop.
func believable() Result {
	return Result{
		Workload: Workload{Connections: 10, Depth: 1, Rate: 1000},
		Seconds:  1, Offered: 1000, Requests: 1000, Rate: 1000,
		Response:  Times{Count: 1000, Mean: 2e6, P99: 10 * time.Millisecond},
		SendLag:   Times{Count: 1000, P99: time.Millisecond},
		InFlight:  2,
		Generator: Generator{Busy: 0.8, RunQueue: new(0.05), Ceiling: 1000 / 0.7},
	}
}

func TestJudge(t *testing.T) {
	r := believable()
	assert.Empty(t, r.judge(), "each figure is at its limit, and none beyond")
	assert.Empty(t, r.Remarks())
	for name, c := range map[string]struct {
		change func(*Result)
		reason string
	}{
		"late":      {func(r *Result) { r.SendLag.P99 = 1001 * time.Microsecond }, "the generator was late: 1.001ms by p99"},
		"busy":      {func(r *Result) { r.Generator.Busy = 0.81 }, "busy for 81 % of the time"},
		"no core":   {func(r *Result) { r.Generator.RunQueue = new(0.06) }, "waited for its core for 6 %"},
		"too many":  {func(r *Result) { r.InFlight = 2.2 }, "Little's law fails: 2.2 requests"},
		"too few":   {func(r *Result) { r.InFlight = 1.8 }, "rate × response time is 2"},
		"too fast":  {func(r *Result) { r.Generator.Ceiling = 1400 }, "1000 requests/s are over 70 % of what the generator can do, 1400"},
		"no sample": {func(r *Result) { r.Response.P99 = 0 }, "the generator was late"},
	} {
		t.Run(name, func(t *testing.T) {
			r := believable()
			c.change(&r)
			void := r.judge()
			require.Len(t, void, 1)
			assert.Contains(t, void[0], c.reason)
			r.Workload.Rate = 0
			assert.Empty(t, r.judge(), "the closed loop has no times to be late for")
		})
	}
}

// A generator that is late with one request in a hundred spoils the p99, but not
// the median.
func TestMedianStands(t *testing.T) {
	r := believable()
	assert.True(t, r.MedianStands())
	r.SendLag.P99, r.SendLag.P50, r.Response.P50 = 2*time.Millisecond, time.Microsecond, 10*time.Microsecond
	r.Void = r.judge()
	require.NotEmpty(t, r.Void)
	assert.True(t, r.MedianStands())
	r.SendLag.P50++
	assert.False(t, r.MedianStands(), "it is late with half of them")
	r.SendLag.P50--
	r.Generator.Busy = 0.9
	r.Void = r.judge()
	assert.False(t, r.MedianStands(), "there is another reason")
}

// Little's law assumes a steady state; a growing queue is in none.
func TestJudgeOverload(t *testing.T) {
	r := believable()
	r.Requests, r.Rate, r.InFlight = 980, 980, 500
	assert.False(t, r.Kept())
	assert.Empty(t, r.judge())
	assert.Contains(t, r.Remarks()[0], "did not keep the rate: of 1000 requests that were due, 980")
}

func TestHidden(t *testing.T) {
	r := believable()
	assert.Zero(t, r.Hidden())
	r.Workload.Rate, r.InFlight = 0, 10
	r.Generator.RunQueue = new(0.06)
	assert.Contains(t, r.Remarks()[0], "waited for its core for 6 %")
	assert.InEpsilon(t, 0.8, r.Hidden(), 1e-9, "10 were in flight, and two of them were answered now and then")
	r.InError = 8
	assert.Zero(t, r.Hidden(), "the others came to a wrong reply, or none")
}

// A missed rate is the server's fault only if there is no other explanation.
func TestWhoDidNotKeepTheRate(t *testing.T) {
	r := believable()
	r.Requests, r.Rate = 500, 500
	said := func() string { return r.Remarks()[len(r.Remarks())-1] }
	assert.Contains(t, said(), "The server did not keep the rate")
	r.Errors = Errors{Broken: 5, First: "closed"}
	assert.Contains(t, said(), "Connections broke")
	r.Void = []string{"the generator was busy"}
	assert.Contains(t, said(), "it may have been the generator")
}

// The percentile of a whole is not the average of its parts' percentiles.
func TestMerge(t *testing.T) {
	fast, slow := newHistogram(), newHistogram()
	for range 9_000 {
		record(fast, time.Millisecond)
	}
	for range 1_000 {
		record(slow, time.Second)
	}
	a, err := Summarize(fast)
	require.NoError(t, err)
	b, err := Summarize(slow)
	require.NoError(t, err)
	both, err := Merge(a, Times{}, b)
	require.NoError(t, err)
	assert.EqualValues(t, 10_000, both.Count)
	assert.InEpsilon(t, time.Millisecond, both.P50, 0.001)
	assert.InEpsilon(t, time.Millisecond, both.P90, 0.001)
	assert.InEpsilon(t, time.Second, both.P99, 0.001)
	_, err = Merge(Times{Histogram: "none"})
	assert.Error(t, err)
}

// A percentile is reported from the count at which exactly ten lie beyond it. In
// floats, 100 - 99.9 is a little less than a tenth.
func TestPercentilesAreReportedFromTenBeyond(t *testing.T) {
	for percentile, least := range map[float64]int64{50: 20, 90: 100, 99: 1000, 99.9: 10_000, 99.99: 100_000, 99.999: 1_000_000} {
		assert.True(t, Reported(least, percentile), percentile)
		assert.False(t, Reported(least-1, percentile), percentile)
		assert.True(t, Reported(1<<40, percentile), percentile)
		assert.False(t, Reported(0, percentile), percentile)
	}
	h := newHistogram()
	for range 9_990 {
		record(h, time.Millisecond)
	}
	for range 10 {
		record(h, time.Second)
	}
	times, err := Summarize(h)
	require.NoError(t, err)
	assert.InEpsilon(t, time.Millisecond, times.P999, 0.001)
}

// Histograms hold, sum up and merge every time that a clock can give, to
// three digits.
func TestNoTimeIsTooLongForAHistogram(t *testing.T) {
	for _, long := range []time.Duration{86 * time.Second, 1<<63 - 1} {
		w := newWindow(time.Second)
		w.begin(0, 1)
		w.count(request{due: 1, sent: 1}, long, true)
		w.countLag(request{due: 1, sent: long}, 0)
		for name, h := range map[string]*hdrhistogram.Histogram{"response": w.response, "service": w.service, "lag": w.lag} {
			times, err := Summarize(h)
			require.NoError(t, err)
			both, err := Merge(times, times)
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
		time.Second: SeriesStep, time.Hour: SeriesStep, time.Hour + 1: 2 * SeriesStep, 24 * time.Hour: 32 * SeriesStep,
	} {
		w := newWindow(length)
		w.begin(0, 1)
		assert.Equal(t, step, w.step)
		for at := w.step / 2; at < length; at += w.step {
			w.count(request{due: at, sent: at}, 1+at, true)
		}
		w.end(1 + length)
		assert.LessOrEqual(t, len(w.series), maxSteps)
		full := slices.MaxFunc(w.series, func(a, b Step) int { return int(a.Requests - b.Requests) })
		assert.EqualValues(t, 1, full.Requests, "of %v", length)
		assert.GreaterOrEqual(t, w.step*time.Duration(len(w.series)), length)
	}
}

func TestSchedule(t *testing.T) {
	w := Workload{Rate: 3000, Arrivals: Constant}
	s := newSchedule(w, 1)
	for range 3_000 - 1 {
		s.next()
	}
	assert.Equal(t, time.Second, s.due.Round(time.Microsecond), "a third of a millisecond adds up without a drift")
	before := s.due
	s.shift(time.Second)
	assert.Equal(t, before+time.Second, s.due)
	assert.Equal(t, []int{1, 2, 0, 1}, []int{s.pick(3), s.pick(3), s.pick(3), s.pick(3)})

	w.Arrivals = Poisson
	one, same, other := newSchedule(w, 1), newSchedule(w, 1), newSchedule(w, 2)
	var short, different int
	var last time.Duration
	const n = 100_000
	for range n {
		due := one.next()
		assert.GreaterOrEqual(t, due, last)
		if due-last < time.Second/3000 {
			short++
		}
		last = due
		require.Equal(t, due, same.next())
		if due != other.next() {
			different++
		}
	}
	assert.Greater(t, different, n/2)
	assert.InEpsilon(t, float64(n)/3000, last.Seconds(), 0.02)
	// Of exponential gaps, 1 - 1/e are shorter than the mean.
	assert.InDelta(t, 0.632, float64(short)/n, 0.01)
}

func TestQueue(t *testing.T) {
	var q queue
	for i := range 100 {
		q.push(time.Duration(2 * i))
		q.push(time.Duration(2*i + 1))
		assert.EqualValues(t, i, q.pop())
	}
	assert.Equal(t, 100, q.len())
	for i := range 100 {
		assert.EqualValues(t, 100+i, q.pop())
	}
	assert.Zero(t, q.len())
	assert.LessOrEqual(t, cap(q.times), 256, "what was taken out makes room")
}

// A queue that has filled its memory moves, over many requests, no more entries
// than arrive.
func TestTheQueueDoesNotMoveEverythingOnEachArrival(t *testing.T) {
	var q queue
	const most = 1 << 10
	for i := range most {
		q.push(time.Duration(i))
	}
	moved := 0
	for i := range 20 * most {
		require.EqualValues(t, i, q.pop())
		oldest := &q.times[q.first]
		q.push(time.Duration(most + i))
		if oldest != &q.times[q.first] {
			moved += q.len()
		}
	}
	assert.LessOrEqual(t, moved, 20*most)
	assert.LessOrEqual(t, cap(q.times), 4*most)
}

// A connection that once had a long queue does not keep the memory: the limit is
// on all queues together, and each of them could once have been the long one.
func TestAnEmptyQueueGivesBackItsMemory(t *testing.T) {
	var q queue
	for i := range 1 << 16 {
		q.push(time.Duration(i))
	}
	for q.len() > 0 {
		q.pop()
	}
	assert.LessOrEqual(t, cap(q.times), keptTimes)
	q.push(1)
	assert.EqualValues(t, 1, q.pop())
	kept := cap(q.times)
	q.push(2)
	assert.Equal(t, kept, cap(q.times), "a short one does")
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
	assert.EqualValues(t, 2, w.requests, "those that were read in it")
	assert.EqualValues(t, 2, w.response.TotalCount(), "those that were due in it")
	assert.InEpsilon(t, 4*s, w.response.Max(), 0.001)
	assert.InEpsilon(t, 2500*time.Millisecond, w.response.Min(), 0.001)
	assert.InEpsilon(t, 1*s, w.service.Min(), 0.001)
	assert.EqualValues(t, 1, w.lag.TotalCount())
	assert.InEpsilon(t, 1*s, w.lag.Max(), 0.001)
	assert.EqualValues(t, 1, w.series[10].Requests)
	assert.Equal(t, 2*s, w.series[10].Max, "a second of the three was ours")
}
