package load

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The shares refer to the time between the two readings, not to a window that
// began before the first and ended before the second.
func TestAThreadsSharesAreOfTheTimeBetweenItsReadings(t *testing.T) {
	at := time.Unix(100, 0)
	before := thread{at: at, cpu: new(3 * time.Second), runQueue: new(time.Second)}
	after := thread{at: at.Add(time.Second), cpu: new(4 * time.Second), runQueue: new(1100 * time.Millisecond)}
	cpu, runQueue := after.since(before)
	require.NotNil(t, cpu)
	require.NotNil(t, runQueue)
	assert.InDelta(t, 1, *cpu, 1e-9)
	assert.InDelta(t, 0.1, *runQueue, 1e-9)

	for _, unknown := range [][2]thread{{after, {at: at}}, {{at: after.at}, before}, {after, after}} {
		cpu, runQueue := unknown[0].since(unknown[1])
		assert.Nil(t, cpu)
		assert.Nil(t, runQueue)
	}
}

// An unknown figure is not 0: it is absent, and no rule judges it.
func TestAGeneratorThatKnowsNothingOfItselfSaysSo(t *testing.T) {
	text, err := json.Marshal(Generator{Busy: 0.5})
	require.NoError(t, err)
	for _, name := range []string{"cpu", "run_queue", "ceiling"} {
		assert.NotContains(t, string(text), `"`+name+`"`)
	}
	text, err = json.Marshal(Generator{CPU: new(0.0), RunQueue: new(0.0)})
	require.NoError(t, err)
	assert.Contains(t, string(text), `"cpu":0`)
	assert.Contains(t, string(text), `"run_queue":0`)

	assert.False(t, Generator{}.WaitedOver(0))
	assert.False(t, Generator{RunQueue: new(0.05)}.WaitedOver(0.05))
	assert.True(t, Generator{RunQueue: new(0.06)}.WaitedOver(0.05))
}
