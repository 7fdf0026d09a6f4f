package generator

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/load"
)

func TestSchedule(t *testing.T) {
	w := load.Workload{Rate: 3000, Arrivals: load.Constant}
	s := newSchedule(w, 1)
	for range 3_000 - 1 {
		s.next()
	}
	assert.Equal(t, time.Second, s.due.Round(time.Microsecond), "a third of a millisecond adds up without a drift")
	before := s.due
	s.shift(time.Second)
	assert.Equal(t, before+time.Second, s.due)
	assert.Equal(t, []int{1, 2, 0, 1}, []int{s.pick(3), s.pick(3), s.pick(3), s.pick(3)})

	w.Arrivals = load.Poisson
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
