package meter

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The shares refer to the time between the two readings, not to a window that
// began before the first and ended before the second.
func TestAThreadsSharesAreOfTheTimeBetweenItsReadings(t *testing.T) {
	at := time.Unix(100, 0)
	before := Thread{at: at, cpu: new(3 * time.Second), runQueue: new(time.Second)}
	after := Thread{at: at.Add(time.Second), cpu: new(4 * time.Second), runQueue: new(1100 * time.Millisecond)}
	cpu, runQueue := after.Since(before)
	require.NotNil(t, cpu)
	require.NotNil(t, runQueue)
	assert.InDelta(t, 1, *cpu, 1e-9)
	assert.InDelta(t, 0.1, *runQueue, 1e-9)

	for _, unknown := range [][2]Thread{{after, {at: at}}, {{at: after.at}, before}, {after, after}} {
		cpu, runQueue := unknown[0].Since(unknown[1])
		assert.Nil(t, cpu)
		assert.Nil(t, runQueue)
	}
}
