package load

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A pause is time in which the generator neither worked nor slept as planned.
func TestLooksAtTheClock(t *testing.T) {
	const ms = time.Millisecond
	for name, c := range map[string]struct {
		looked, wake, now time.Duration
		pause             time.Duration
	}{
		"work":                     {looked: 10 * ms, now: 11*ms - 1},
		"stopped at work":          {looked: 10 * ms, now: 11 * ms, pause: ms},
		"stopped for long":         {looked: 10 * ms, now: time.Hour, pause: time.Hour - 10*ms},
		"asleep":                   {looked: 10 * ms, wake: 20 * ms, now: 20 * ms},
		"woken by an event":        {looked: 10 * ms, wake: 20 * ms, now: 15 * ms},
		"a little late":            {looked: 10 * ms, wake: 20 * ms, now: 21*ms - 1},
		"overslept":                {looked: 10 * ms, wake: 20 * ms, now: 120 * ms, pause: 100 * ms},
		"had not wanted to sleep":  {looked: 10 * ms, wake: 5 * ms, now: 12 * ms, pause: 2 * ms},
		"the clock stands still":   {looked: 10 * ms, now: 10 * ms},
		"asked while it was awake": {looked: 10 * ms, wake: 10 * ms, now: 10 * ms},
	} {
		t.Run(name, func(t *testing.T) {
			p := pauses{looked: c.looked, wake: c.wake}
			assert.Equal(t, c.pause, p.look(c.now))
			assert.Zero(t, p.look(c.now), "it is told once")
		})
	}
}

// pausing returns a generator in the middle of its window, and a function that
// makes it pause: the function advances its clock, and hands over the requests that
// became due meanwhile.
func pausing(rate float64, inFlight int) (g *generator, pause func(time.Duration)) {
	w := Workload{Connections: 1, Depth: 1, Rate: rate, Arrivals: Constant}
	g = &generator{cfg: Config{Workload: w}, window: newWindow(time.Second), phase: measuring, until: time.Hour, outstanding: inFlight}
	now := time.Second
	g.clock = time.Now().Add(-now)
	g.resume()
	g.window.begin(now, now)
	if rate > 0 {
		g.schedule = newSchedule(w, 1)
		g.schedule.shift(now)
		// The connection has no room, until the test says that all was sent.
		p := newPipeline(dataOf(sized(1, 1)), 1)
		p.appendRequest(nil, request{})
		g.conns = []*conn{{pipeline: p}}
	}
	return g, func(d time.Duration) {
		now += d
		if gap := g.pauses.look(now); gap > 0 {
			g.paused(gap)
		}
		if rate > 0 {
			g.arrive(now)
		}
	}
}

// In the closed loop a pause touches the requests in flight.
func TestAPauseTouchesWhatIsInFlight(t *testing.T) {
	g, pause := pausing(0, 40)
	g.pauses.looked = time.Second
	pause(time.Microsecond)
	assert.Zero(t, g.window.touched.TotalCount(), "that was none")
	pause(100 * time.Millisecond)
	pause(200 * time.Millisecond)
	assert.EqualValues(t, 80, g.window.touched.TotalCount())
	assert.Equal(t, 300*time.Millisecond, g.pauses.total)
	assert.Equal(t, 200*time.Millisecond, g.pauses.longest)
	g.window.open = false
	pause(time.Second)
	assert.EqualValues(t, 80, g.window.touched.TotalCount(), "after the window")
	assert.Equal(t, 300*time.Millisecond, g.pauses.total)
}

// In the open loop a pause also touches the requests that become due, until the
// backlog is as small as before.
func TestAPauseTouchesWhatIsDue(t *testing.T) {
	g, pause := pausing(1000, 0)
	g.pauses.looked = time.Second
	pause(100 * time.Millisecond)
	assert.EqualValues(t, 100, g.window.touched.TotalCount(), "due in the pause")
	for range 100 { // behind them
		pause(time.Millisecond / 2)
	}
	assert.EqualValues(t, 150, g.window.touched.TotalCount(), "and behind those")
	assert.InEpsilon(t, 100*time.Millisecond, time.Duration(g.window.touched.Max()), 0.001)
	pause(50 * time.Millisecond)
	assert.EqualValues(t, 200, g.window.touched.TotalCount(), "a second one adds to the delay")
	assert.InEpsilon(t, 150*time.Millisecond, time.Duration(g.window.touched.Max()), 0.001)

	g.backlog, g.outstanding = 0, 0 // all were sent and answered
	pause(time.Millisecond / 2)
	touched := g.window.touched.TotalCount()
	g.backlog = 0
	pause(time.Millisecond / 2)
	g.backlog = 0
	pause(time.Millisecond / 2)
	assert.LessOrEqual(t, g.window.touched.TotalCount(), touched+1, "what comes later is not")
	assert.Zero(t, g.pauses.delay)
}

// The generator may be stopped while it hands over requests that were due
// before.
func TestAPauseInTheMiddleOfATurn(t *testing.T) {
	g, _ := pausing(1000, 0)
	g.pauses.looked = time.Second
	g.paused(g.pauses.look(1300 * time.Millisecond))
	g.arrive(time.Second)
	g.arrive(1300 * time.Millisecond)
	assert.EqualValues(t, 300, g.window.touched.TotalCount())
}

// paused returns a believable result whose generator paused the given number of
// times, each time for length and with that many requests.
func paused(t *testing.T, rate float64, times int, length time.Duration, requests int64) Result {
	t.Helper()
	r := believable()
	r.Workload.Rate, r.Seconds = rate, 10
	r.Offered, r.Requests = 10_000, 10_000
	response := newHistogram()
	for ms, n := range map[int64]int64{1: 5000, 5: 4000, 20: 900, 50: 90, 1000: 10} {
		require.NoError(t, response.RecordValues(ms*1e6, n))
	}
	var err error
	r.Response, err = Summarize(response)
	require.NoError(t, err)
	r.InFlight = r.accounted()
	h := newHistogram()
	for range times {
		require.NoError(t, h.RecordValues(length.Nanoseconds(), requests))
	}
	r.Generator.Touched, err = Summarize(h)
	require.NoError(t, err)
	r.Generator.Paused, r.Generator.LongestPause = time.Duration(times)*length, length
	r.leaveOut()
	r.Void = r.judge()
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
	h := newHistogram()
	record(h, time.Second)
	var err error
	r.Response, err = Summarize(h)
	require.NoError(t, err)
	r.SendLag, r.InFlight = Times{}, r.accounted()
	require.NotEmpty(t, r.judge())
	assert.Contains(t, r.judge()[0], "too few requests for a percentile")
	record(h, time.Second)
	r.Response, err = Summarize(h)
	require.NoError(t, err)
	r.InFlight = r.accounted()
	assert.Empty(t, r.judge(), "another one took as long, and was not touched")
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

// A pause that is shorter than the requests that were missed take is not the reason.
func TestAShortPauseHasNotMissedTheRate(t *testing.T) {
	r := paused(t, 1000, 2, 45*time.Millisecond, 450)
	r.Requests = 9000
	require.NotEmpty(t, r.Void)
	require.False(t, r.Kept())
	assert.True(t, r.MedianStands(), "the generator did not run for 0.9 %")
}

// In a closed loop the generator sleeps until replies come. A sleep as long as it asked
// for is no pause.
func TestASleepIsNoPause(t *testing.T) {
	g := &generator{clock: time.Now(), until: time.Hour, check: time.Hour}
	for late, pause := range map[time.Duration]time.Duration{
		0: 0, rounding: 0, rounding + leastPause - 1: 0, rounding + leastPause: leastPause,
	} {
		wait, err := g.patience()
		require.NoError(t, err)
		require.Equal(t, glance, wait)
		assert.Equal(t, pause, g.pauses.look(g.pauses.looked+wait+late))
	}
}
