package load

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// paused returns a believable result whose generator paused the given number of
// times, each time for length and with that many requests.
func paused(t *testing.T, rate float64, times int, length time.Duration, requests int64) Result {
	t.Helper()
	r := believable()
	r.Workload.Rate, r.Seconds = rate, 10
	r.Offered, r.Requests = 10_000, 10_000
	response := NewHistogram()
	for ms, n := range map[int64]int64{1: 5000, 5: 4000, 20: 900, 50: 90, 1000: 10} {
		require.NoError(t, response.RecordValues(ms*1e6, n))
	}
	var err error
	r.Response, err = Summarize(response)
	require.NoError(t, err)
	r.InFlight = r.accounted()
	h := NewHistogram()
	for range times {
		require.NoError(t, h.RecordValues(length.Nanoseconds(), requests))
	}
	r.Generator.Touched, err = Summarize(h)
	require.NoError(t, err)
	r.Generator.Paused, r.Generator.LongestPause = time.Duration(times)*length, length
	r.Judge()
	return r
}

// A pause voids a run if it may have made a percentile that is reported.
func TestPausesVoidWhatTheyMayHaveMade(t *testing.T) {
	const ms = time.Millisecond
	for name, c := range map[string]struct {
		times    int
		length   time.Duration
		requests int64
		void     string // empty: it is valid
		p999     bool
		median   bool
	}{
		"none":                {p999: true, median: true},
		"too few for p99.9":   {times: 1, length: 500 * ms, requests: 89, p999: true, median: true},
		"p99.9":               {times: 1, length: 500 * ms, requests: 90, median: true},
		"too short for p99.9": {times: 1, length: 25 * ms, requests: 90, p999: true, median: true},
		"too few for p99":     {times: 2, length: 100 * ms, requests: 449, median: true},
		"p99":                 {times: 2, length: 100 * ms, requests: 450, void: "did not run for 0.2s of 10s, 100ms at a time at most: that may have made the p99 of 20.0", median: true},
		"too short for p99":   {times: 100, length: 10 * ms, requests: 9, p999: true, median: true},
		"too few for p90":     {times: 100, length: 3 * ms, requests: 39, p999: true, median: true},
		"p90":                 {times: 100, length: 3 * ms, requests: 40, void: "the p90 of 5.0", p999: true, median: true},
		"the median":          {times: 500, length: ms, requests: 10, void: "the p50 of 1.0", p999: true},
		"too short for any":   {times: 1000, length: ms / 2, requests: 10, p999: true, median: true},
	} {
		t.Run(name, func(t *testing.T) {
			r := paused(t, 1000, c.times, c.length, c.requests)
			if c.void == "" {
				assert.Empty(t, r.Void)
			} else {
				require.Len(t, r.Void, 1)
				assert.Contains(t, r.Void[0], c.void)
			}
			assert.Equal(t, c.p999, r.Response.P999 > 0)
			assert.Equal(t, c.median, r.MedianStands())
		})
	}
}

// The remarks say which figures are left out.
func TestPausesAreTold(t *testing.T) {
	r := paused(t, 1000, 1, 600*time.Millisecond, 90)
	require.Len(t, r.Remarks(), 2)
	assert.Contains(t, r.Remarks()[0], "The p99.9 is left out: the generator itself did not run for 0.6s of 10s")
	assert.Contains(t, r.Remarks()[1], "did not run for 600ms at a time: the longest response time may be its own")
	assert.Empty(t, new(Result).Remarks())
}

// Without a reply there is no longest response time.
func TestAPauseWithoutRepliesIsNotTheLongestTime(t *testing.T) {
	r := &Result{Generator: Generator{Paused: 3 * time.Millisecond, LongestPause: 3 * time.Millisecond}}
	assert.Empty(t, r.Remarks())
}

// With too few requests for a percentile, each request counts.
func TestAPauseAmongFewRequests(t *testing.T) {
	r := paused(t, 1, 1, 600*time.Millisecond, 1)
	h := NewHistogram()
	Record(h, time.Second)
	var err error
	r.Response, err = Summarize(h)
	require.NoError(t, err)
	r.SendLag, r.InFlight = Times{}, r.accounted()
	require.NotEmpty(t, r.void())
	assert.Contains(t, r.void()[0], "too few requests for a percentile")
	Record(h, time.Second)
	r.Response, err = Summarize(h)
	require.NoError(t, err)
	r.InFlight = r.accounted()
	assert.Empty(t, r.void(), "another one took as long, and was not touched")
}

// A closed loop sends nothing during a pause: its rate is lower, but its times may
// be unaffected.
func TestAClosedLoopThatPaused(t *testing.T) {
	assert.Empty(t, paused(t, 0, 1, 500*time.Millisecond, 2).Void)
	r := paused(t, 0, 1, 501*time.Millisecond, 2)
	require.Len(t, r.Void, 1)
	assert.Contains(t, r.Void[0], "did not run for 0.501s of 10s, over 5 %: the rate is lower by as much")
	assert.Contains(t, paused(t, 0, 2, 100*time.Millisecond, 450).Void[0], "the p99 of 20.0")
}

// A pause at any place may be the reason for a missed rate.
func TestAPauseMayHaveMissedTheRate(t *testing.T) {
	r := paused(t, 1000, 2, 500*time.Millisecond, 500)
	require.NotEmpty(t, r.Void)
	assert.True(t, r.MedianStands())
	r.Requests = 9000
	assert.False(t, r.Kept())
	assert.False(t, r.MedianStands())
	assert.Contains(t, r.Remarks()[len(r.Remarks())-1], "it may have been the generator")
}

// A pause that is shorter than the missed requests would take is not the reason.
func TestAShortPauseHasNotMissedTheRate(t *testing.T) {
	r := paused(t, 1000, 2, 45*time.Millisecond, 450)
	r.Requests = 9000
	require.NotEmpty(t, r.Void)
	require.False(t, r.Kept())
	assert.True(t, r.MedianStands(), "the generator did not run for 0.9 %")
}
