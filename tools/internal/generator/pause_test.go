package generator

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/load"
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
	w := load.Workload{Connections: 1, Depth: 1, Rate: rate, Arrivals: load.Constant}
	g = &generator{cfg: Config{Workload: w}, window: newWindow(time.Second), phase: measuring, until: time.Hour, outstanding: inFlight}
	now := time.Second
	g.clock = time.Now().Add(-now)
	g.resume()
	g.window.begin(now, now)
	if rate > 0 {
		g.schedule = newSchedule(w, 1)
		g.schedule.shift(now)
		// The connection has no room, until the test says that all was sent.
		p := newPipeline(codecOf(sized(1, 1)), 1)
		p.appendRequest(nil, request{})
		g.conns = []*conn{{pipeline: p}}
	}
	return g, func(d time.Duration) {
		now += d
		if gap := g.pauses.look(now); gap > 0 {
			g.paused(gap)
		}
		if rate > 0 {
			g.dispatch(now)
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
func TestAPauseInTheMiddleOfAnIteration(t *testing.T) {
	g, _ := pausing(1000, 0)
	g.pauses.looked = time.Second
	g.paused(g.pauses.look(1300 * time.Millisecond))
	g.dispatch(time.Second)
	g.dispatch(1300 * time.Millisecond)
	assert.EqualValues(t, 300, g.window.touched.TotalCount())
}

// In a closed loop the generator sleeps until replies come. A sleep as long as it asked
// for is no pause.
func TestASleepIsNoPause(t *testing.T) {
	g := &generator{clock: time.Now(), until: time.Hour, check: time.Hour}
	for late, pause := range map[time.Duration]time.Duration{
		0: 0, rounding: 0, rounding + leastPause - 1: 0, rounding + leastPause: leastPause,
	} {
		wait, err := g.pollTimeout()
		require.NoError(t, err)
		require.Equal(t, maxSleep, wait)
		assert.Equal(t, pause, g.pauses.look(g.pauses.looked+wait+late))
	}
}
