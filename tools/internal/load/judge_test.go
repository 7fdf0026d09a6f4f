package load

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// believable is the result of an open loop that nothing is wrong with.
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

// A generator that is late with one request in a hundred spoils the p99, and not
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

// A queue that grows is in no steady state, which Little's law is about.
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
	r.Workload.Rate = 0
	r.Generator.RunQueue = new(0.06)
	assert.Contains(t, r.Remarks()[0], "waited for its core for 6 %")
	assert.InEpsilon(t, 0.8, r.Hidden(), 1e-9, "10 were in flight, and two of them were answered now and then")
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

// A reply counts by when its request was due, however late it comes.
func TestWindowOfAnOpenLoop(t *testing.T) {
	const s = time.Second
	w := newWindow(10 * s)
	w.count(request{due: 1 * s, sent: 1 * s}, 2*s, true) // before it began
	w.begin(9*s, 10*s)
	w.count(request{due: 8 * s, sent: 8 * s}, 11*s, true)   // due before, answered within
	w.count(request{due: 12 * s, sent: 15 * s}, 16*s, true) // waited for its connection
	w.countLag(request{due: 12 * s, sent: 15 * s}, 14*s)    // which was free at 14
	w.end(20 * s)
	w.endPause = s / 2
	w.count(request{due: 19 * s, sent: 19 * s}, 22*s, true) // late, and half a second was ours
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
