package load

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// noon is when the first of the parts begins.
var noon = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

// part is a believable result of ten seconds in an open loop, which began after a time, and
// whose response times are those given.
func part(t *testing.T, after time.Duration, times ...time.Duration) Result {
	t.Helper()
	h := NewHistogram()
	for _, d := range times {
		Record(h, d)
	}
	response, err := Summarize(h)
	require.NoError(t, err)
	w := DefaultWorkload()
	n := int64(len(times))
	w.Connections, w.Rate = 10, float64(n)/10
	began := noon.Add(after)
	r := Result{
		Workload: w, Seconds: 10, Window: &Window{Began: began, Ended: began.Add(10 * time.Second), Planned: &noon, Late: after},
		Offered: n, Requests: n, Rate: float64(n) / 10, Response: response, Service: response,
		InFlight: float64(n) / 10 * response.Mean / 1e9, Served: 10, Fairness: 1,
		Generator: Generator{Busy: 0.5},
	}
	r.Judge()
	return r
}

// spread returns n times from the least on, a step apart.
func spread(n int, least, step time.Duration) (all []time.Duration) {
	for i := range n {
		all = append(all, least+time.Duration(i)*step)
	}
	return all
}

// pooled returns a percentile of all times together, computed without a histogram.
func pooled(percentile float64, all ...[]time.Duration) time.Duration {
	times := slices.Sorted(slices.Values(slices.Concat(all...)))
	return times[int(math.Ceil(percentile/100*float64(len(times))))-1]
}

// The percentiles are those of all times together: a slow part with few requests hardly
// moves them, and their mean would be far off.
func TestMergedPercentilesAreThoseOfAllTimes(t *testing.T) {
	fast, slow := spread(20_000, 100*time.Microsecond, 10*time.Nanosecond), spread(1_000, 50*time.Millisecond, 20*time.Microsecond)
	a, b := part(t, 0, fast...), part(t, time.Millisecond, slow...)
	r, err := MergeRuns([]Part{{"a", a}, {"b", b}})
	require.NoError(t, err)
	assert.Empty(t, r.Void)
	for percentile, got := range map[float64]time.Duration{50: r.Response.P50, 90: r.Response.P90, 99: r.Response.P99, 99.9: r.Response.P999} {
		assert.InEpsilon(t, pooled(percentile, fast, slow), got, 0.001, percentile)
	}
	assert.EqualValues(t, 21_000, r.Response.Count)
	assert.Equal(t, b.Response.Max, r.Response.Max)
	assert.NotEqual(t, (a.Response.P99+b.Response.P99)/2, r.Response.P99)
	again, err := MergeRuns([]Part{{"b", b}, {"a", a}})
	require.NoError(t, err)
	r.Workload, again.Workload = Workload{}, Workload{}
	assert.Equal(t, r, again, "in another order")
}

// Counts, rates and connections are added; the generator's figures are the worst one's.
func TestMergedFigures(t *testing.T) {
	a, b := part(t, 0, spread(1000, time.Millisecond, 0)...), part(t, 2*time.Millisecond, spread(2000, time.Millisecond, 0)...)
	a.Unsent, a.Wrong, b.Unsent, b.Wrong = 1, 2, 3, 4
	a.Errors, b.Errors = Errors{Wrong: 1, Broken: 2}, Errors{Broken: 3, TimedOut: 4, Unanswered: 5, First: "a reply was late"}
	a.InError, b.InError = 0.25, 0.5
	a.Generator = Generator{Busy: 0.7, RunQueue: new(0.01), Paused: 3, LongestPause: 2, Ceiling: 100_000}
	b.Generator = Generator{Busy: 0.3, RunQueue: new(0.04), CPU: new(0.9), Paused: 1, LongestPause: 1, Ceiling: 50_000, Limited: true, Throttlings: 7, Throttled: 8}
	r, err := MergeRuns([]Part{{"a", a}, {"b", b}})
	require.NoError(t, err)
	assert.Equal(t, 20, r.Workload.Connections)
	assert.InDelta(t, 300, r.Workload.Rate, 1e-9)
	assert.InDelta(t, 300, r.Rate, 1e-9)
	assert.EqualValues(t, []int64{3000, 3000, 4, 6, 20}, []int64{r.Offered, r.Requests, r.Unsent, r.Wrong, int64(r.Served)})
	assert.Equal(t, Errors{Wrong: 1, Broken: 5, TimedOut: 4, Unanswered: 5, First: "b: a reply was late"}, r.Errors)
	assert.InDelta(t, a.InFlight+b.InFlight, r.InFlight, 1e-9)
	assert.InDelta(t, 0.75, r.InError, 1e-9)
	assert.Equal(t, Generator{
		Busy: 0.7, RunQueue: new(0.04), CPU: new(0.9), Paused: 3, LongestPause: 2, Ceiling: 150_000, Limited: true, Throttlings: 7, Throttled: 8,
	}, r.Generator)
	assert.InDelta(t, 10.002, r.Seconds, 1e-9)
	assert.Equal(t, Window{Began: noon, Ended: noon.Add(10*time.Second + 2*time.Millisecond)}, *r.Window)

	b.Generator.Ceiling = 0
	r, err = MergeRuns([]Part{{"a", a}, {"b", b}})
	require.NoError(t, err)
	assert.Zero(t, r.Generator.Ceiling, "one of them is not known")
}

// Fairness is computed anew for all connections: two parts that are fair in themselves may
// be unfair together.
func TestMergedFairness(t *testing.T) {
	jain := func(replies ...float64) float64 {
		var sum, squares float64
		for _, n := range replies {
			sum, squares = sum+n, squares+n*n
		}
		return sum * sum / (float64(len(replies)) * squares)
	}
	with := func(after time.Duration, replies ...float64) Result {
		sum := 0.0
		for _, n := range replies {
			sum += n
		}
		r := part(t, after, spread(int(sum), time.Millisecond, 0)...)
		r.Workload.Connections, r.Fairness = len(replies), jain(replies...)
		return r
	}
	r, err := MergeRuns([]Part{{"a", with(0, 100, 100)}, {"b", with(1, 500, 300, 0)}})
	require.NoError(t, err)
	assert.InDelta(t, jain(100, 100, 500, 300, 0), r.Fairness, 1e-9)
	none := with(2, 10)
	none.Fairness, none.Requests = 0, 0
	r, err = MergeRuns([]Part{{"a", with(0, 100, 100)}, {"none", none}})
	require.NoError(t, err)
	assert.InDelta(t, jain(100, 100, 0), r.Fairness, 1e-9)
}

// One void part voids the whole, with its reason.
func TestAVoidPartVoidsTheWhole(t *testing.T) {
	a, b := part(t, 0, spread(1000, time.Millisecond, 0)...), part(t, 0, spread(1001, time.Millisecond, 0)...)
	b.Void = []string{"the generator was busy for 99 % of the time, over 80 %"}
	r, err := MergeRuns([]Part{{"a", a}, {"b", b}})
	require.NoError(t, err)
	assert.Equal(t, []string{"b: the generator was busy for 99 % of the time, over 80 %"}, r.Void)
	assert.Contains(t, r.Remarks(), "VOID: b: the generator was busy for 99 % of the time, over 80 %.")
}

// Parts that are sound may be void together: the late requests of one may be the p99 of
// both.
func TestPooledTimesAreJudgedAnew(t *testing.T) {
	lags := func(d time.Duration, n int) Times {
		h := NewHistogram()
		require.NoError(t, h.RecordValues(d.Nanoseconds(), int64(n)))
		times, err := Summarize(h)
		require.NoError(t, err)
		return times
	}
	slow, fast := part(t, 0, spread(1000, 100*time.Millisecond, 0)...), part(t, 0, spread(200_000, 50*time.Microsecond, 0)...)
	slow.SendLag, fast.SendLag = lags(9*time.Millisecond, 20_000), lags(time.Microsecond, 200_000)
	for _, r := range []*Result{&slow, &fast} {
		r.Judge()
		require.Empty(t, r.Void)
	}
	r, err := MergeRuns([]Part{{"slow", slow}, {"fast", fast}})
	require.NoError(t, err)
	assert.Equal(t, []string{"the generator was late: 9.00ms by p99, over 10 % of the response time's 50.0µs"}, r.Void)
}

// The windows must have nine tenths of the longest one in common: otherwise the rates that
// are added were not there at the same time.
func TestMeasurementsMustOverlap(t *testing.T) {
	for name, c := range map[string]struct {
		after, length time.Duration // of the second part; the first has ten seconds
		void          string
	}{
		"just enough":    {time.Second, 10 * time.Second, ""},
		"too late":       {time.Second + time.Millisecond, 10 * time.Second, "the measurements have 9s of 10s in common, under 90 %"},
		"too early":      {-2 * time.Second, 10 * time.Second, "the measurements have 8s of 10s in common"},
		"just too short": {0, 9 * time.Second, ""},
		"too short":      {0, 8 * time.Second, "the measurements have 8s of 10s in common"},
		"too long":       {0, 20 * time.Second, "the measurements have 10s of 20s in common"},
		"another day":    {24 * time.Hour, 10 * time.Second, "the measurements have 0s of 10s in common"},
	} {
		a, b := part(t, 0, spread(1000, time.Millisecond, 0)...), part(t, c.after, spread(1001, time.Millisecond, 0)...)
		b.Window.Ended = b.Window.Began.Add(c.length)
		b.Seconds = c.length.Seconds()
		r, err := MergeRuns([]Part{{"a", a}, {"b", b}})
		require.NoError(t, err, name)
		if c.void == "" {
			assert.Empty(t, r.Void, name)
		} else if assert.Len(t, r.Void, 1, name) {
			assert.Contains(t, r.Void[0], c.void, name)
		}
	}
}

// Results that are no parts of one load are refused, with what differs.
func TestWhatCannotBeMerged(t *testing.T) {
	_, err := MergeRuns([]Part{{"a", part(t, 0, spread(1000, time.Millisecond, 0)...)}})
	require.ErrorContains(t, err, "at least two")
	for want, change := range map[string]func(*Result){
		"a and b are the same run":                          func(r *Result) { *r = part(t, 0, spread(1000, time.Millisecond, 0)...) },
		"b: its run ended before its measurement":           func(r *Result) { r.Seconds, r.Window = 0, nil },
		"b: it does not say when its measurement was":       func(r *Result) { r.Window = nil },
		"b: its measurement ends before it begins":          func(r *Result) { r.Window.Ended = r.Window.Began },
		"protocol kv, and protocol resp":                    func(r *Result) { r.Workload.Protocol = RESP },
		"an open loop, poisson, and a closed loop":          func(r *Result) { r.Workload.Rate = 0 },
		"an open loop, poisson, and an open loop, constant": func(r *Result) { r.Workload.Arrivals = Constant },
		"1 in flight on a connection, and 2 in flight":      func(r *Result) { r.Workload.Depth = 2 },
		"64-byte values, and 90 % gets, 10,000 keys, 65-":   func(r *Result) { r.Workload.MinValue, r.Workload.MaxValue = 65, 65 },
		"10,000 keys, 64-byte values, and 90 % gets, 9,999": func(r *Result) { r.Workload.Keys = 9_999 },
		"0.1 of the requests are puts, and 0.1001":          func(r *Result) { r.Workload.Puts = 0.1001 },
		"64-byte values, zipfian":                           func(r *Result) { r.Workload.Distribution = Zipfian },
		"b: a count of -1 is out of range":                  func(r *Result) { r.Requests = -1 },
		"b: 1e+16 is out of range":                          func(r *Result) { r.Rate = 1e16 },
		"histogram":                                         func(r *Result) { r.Response.Histogram = "nonsense" },
	} {
		b := part(t, 0, spread(1001, time.Millisecond, 0)...)
		change(&b)
		_, err := MergeRuns([]Part{{"a", part(t, 0, spread(1000, time.Millisecond, 0)...)}, {"b", b}})
		assert.ErrorContains(t, err, want)
	}
	talk := func(name string, setup, repeated, largest int) Result {
		r := part(t, 0, spread(1000+repeated, time.Millisecond, 0)...)
		r.Workload = r.Workload.Of(&Exchanges{File: name, Setup: setup, Repeated: repeated, Largest: largest})
		return r
	}
	a, b, c := talk("here/talk.txt", 1, 2, 100), talk("there.txt", 1, 3, 100), talk("there.txt", 1, 2, 100)
	_, err = MergeRuns([]Part{{"a", a}, {"b", b}})
	require.ErrorContains(t, err, "2 exchanges, after 1, of 100 bytes at most, and 3 exchanges")
	c.Response.Max++
	c.Window.Began = c.Window.Began.Add(1)
	_, err = MergeRuns([]Part{{"a", a}, {"c", c}})
	assert.NoError(t, err, "the file has another name there")
}

// Hostile files of results give an error or a result, and no panic.
func FuzzMergeRuns(f *testing.F) {
	text, err := json.Marshal(Result{Workload: DefaultWorkload(), Seconds: 1, Window: &Window{Began: noon, Ended: noon.Add(time.Second)}})
	require.NoError(f, err)
	f.Add(text)
	f.Fuzz(func(t *testing.T, text []byte) {
		var r Result
		if json.Unmarshal(text, &r) != nil {
			return
		}
		other := r
		if r.Window != nil {
			w := *r.Window
			w.Began = w.Began.Add(-1)
			other.Window = &w
		}
		merged, err := MergeRuns([]Part{{"a", r}, {"b", other}})
		if err == nil {
			_ = merged.Remarks()
			_, err := json.Marshal(merged)
			assert.NoError(t, err)
			assert.GreaterOrEqual(t, cmp.Compare(merged.Rate, r.Rate), 0)
		}
	})
}
