package advise

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// A figure exactly at a limit of the advice is within it.
func TestTheLimitsOfTheAdviceAreAllowed(t *testing.T) {
	assert.True(t, sameMemory(0, leastMemory))
	assert.False(t, sameMemory(0, leastMemory+1))

	for silent, known := range map[int]bool{leastSilent - 1: false, leastSilent: true} {
		var o Option
		o.spend(Profile{}, Profile{}, []Sample{{
			Silent: silent, Held: 1 << 20, Base: 1 << 10,
			Load:      load.Result{Seconds: 1, Requests: 1},
			Resources: &results.Resources{Window: time.Second, CPU: time.Millisecond},
		}})
		require.NotNil(t, o.Costs)
		assert.Equal(t, known, o.Costs.eachKnown, "%d silent connections", silent)
	}

	p := Profile{P99: time.Second}
	assert.LessOrEqual(t, Option{Counted: 1, Answered: enough, Longer: 2 * time.Second}.distance(p), 1.0, "it answers enough, and is late")
	assert.Greater(t, Option{Counted: 1, Answered: enough - 0.01}.distance(p), 1.0)
}

// An option's median is that of the samples whose median stands, if there are any.
func TestAnOptionsMedianIsOfTheSamplesThatStand(t *testing.T) {
	sample := func(p50 time.Duration, void ...string) Sample {
		return Sample{Load: load.Result{Response: load.Times{Count: 1000, P50: p50, P99: 10 * p50, Max: 20 * p50}, Void: void}}
	}
	const ms = time.Millisecond
	var o Option
	require.NoError(t, o.times([]Sample{sample(ms), sample(8*ms, "it paused"), sample(9*ms, "it paused")}))
	assert.Equal(t, ms, o.P50)
	require.NoError(t, o.times([]Sample{sample(7*ms, "it paused"), sample(8*ms, "it paused"), sample(9*ms, "it paused")}))
	assert.Equal(t, 8*ms, o.P50, "none stands")
}

// A model that answers more requests is nearer to qualifying, and nearer than one about
// which nothing is known; one that answers enough, but too late, is nearer still.
func TestDistanceFromQualifying(t *testing.T) {
	p := Profile{P99: 5 * time.Millisecond}
	distances := []float64{
		Option{Within: true}.distance(p),
		Option{Counted: 1, Answered: 1, Longer: 6 * time.Millisecond}.distance(p),
		Option{Counted: 1, Answered: 1, Longer: time.Second}.distance(p),
		Option{Counted: 1, Answered: 0.9}.distance(p),
		Option{Counted: 1, Answered: 0.1}.distance(p),
		Option{}.distance(p),
	}
	for i := range len(distances) - 1 {
		assert.Less(t, distances[i], distances[i+1], i)
	}
}
