package load

import (
	"strings"
	"testing"
	"time"

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
	assert.Empty(t, r.void(), "each figure is at its limit, and none beyond")
	assert.Empty(t, r.Remarks())
	for name, c := range map[string]struct {
		change func(*Result)
		reason string
	}{
		"late":      {func(r *Result) { r.SendLag.P99 = 1001 * time.Microsecond }, "the generator was late: 1.00ms by p99"},
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
			void := r.void()
			require.Len(t, void, 1)
			assert.Contains(t, void[0], c.reason)
			r.Workload.Rate = 0
			assert.Empty(t, r.void(), "the closed loop has no times to be late for")
		})
	}
}

// The server is not blamed for requests on connections that broke or timed out, and
// requests without a reply are not passed over.
func TestRemarksOnRequestsWithoutAReply(t *testing.T) {
	r := believable()
	r.Requests, r.Unsent = 500, 3
	remarks := strings.Join(r.Remarks(), "\n")
	assert.Contains(t, remarks, "3 requests that were due were never sent")
	assert.Contains(t, remarks, "The server did not keep the rate")
	r.Errors.Broken, r.Errors.TimedOut = 1, 1
	remarks = strings.Join(r.Remarks(), "\n")
	assert.NotContains(t, remarks, "The server did not keep the rate")
	assert.Contains(t, remarks, "Connections broke or timed out")
}

// A generator that is late with one request in a hundred spoils the p99, but not
// the median.
func TestMedianStands(t *testing.T) {
	r := believable()
	assert.True(t, r.MedianStands())
	r.SendLag.P99, r.SendLag.P50, r.Response.P50 = 2*time.Millisecond, time.Microsecond, 10*time.Microsecond
	r.Void = r.void()
	require.NotEmpty(t, r.Void)
	assert.True(t, r.MedianStands())
	r.SendLag.P50++
	assert.False(t, r.MedianStands(), "it is late with half of them")
	r.SendLag.P50--
	r.Generator.Busy = 0.9
	r.Void = r.void()
	assert.False(t, r.MedianStands(), "there is another reason")
}

// Little's law assumes a steady state; a growing queue is in none.
func TestJudgeOverload(t *testing.T) {
	r := believable()
	r.Requests, r.Rate, r.InFlight = 980, 980, 500
	assert.False(t, r.Kept())
	assert.Empty(t, r.void())
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
	fast, slow := NewHistogram(), NewHistogram()
	for range 9_000 {
		Record(fast, time.Millisecond)
	}
	for range 1_000 {
		Record(slow, time.Second)
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
	h := NewHistogram()
	for range 9_990 {
		Record(h, time.Millisecond)
	}
	for range 10 {
		Record(h, time.Second)
	}
	times, err := Summarize(h)
	require.NoError(t, err)
	assert.InEpsilon(t, time.Millisecond, times.P999, 0.001)
}

// A generator whose CPU quota was used up says so, in both kinds of load.
func TestAThrottledGeneratorVoidsItsRun(t *testing.T) {
	for _, rate := range []float64{0, 1000} {
		r := believable()
		r.Workload.Rate = rate
		assert.Empty(t, r.Remarks())
		r.Generator.Throttlings, r.Generator.Throttled = 2, 50*time.Millisecond
		assert.Empty(t, r.void(), "at the limit")
		assert.Contains(t, r.Remarks()[0], "used up its CPU quota 2 times, and was throttled for 50ms of 1s")
		r.Generator.Throttled++
		r.Void = r.void()
		require.Len(t, r.Void, 1)
		assert.Contains(t, r.Void[0], "the generator's cgroup used up its CPU quota 2 times")
		assert.Len(t, r.Remarks(), 1, "it is said once")
	}
}

// Little's law may fail by a twentieth. A server keeps a rate if it answers 99 of 100
// requests.
func TestTheLimitsOfJudgementsAreAllowed(t *testing.T) {
	for rate, holds := range map[float64]bool{95: true, 94: false, 105: true, 106: false} {
		r := Result{Workload: Workload{Rate: 1}, Rate: rate, InFlight: 100, Response: Times{Mean: float64(time.Second)}}
		_, is := r.littlesLaw()
		assert.Equal(t, holds, is, "100 in flight, and %v expected", rate)
	}
	for answered, kept := range map[int64]bool{99: true, 98: false} {
		assert.Equal(t, kept, (&Result{Requests: answered, Offered: 100}).Kept(), "%d of 100", answered)
	}
}
