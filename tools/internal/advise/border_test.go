package advise

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// What is just at a limit of the advice is on this side of it.
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
