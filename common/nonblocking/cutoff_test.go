package nonblocking

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// A wait that returned everything passes the cutoff, however few events there were.
func TestACutoffPassesWhenNoEventIsLeft(t *testing.T) {
	var c Cutoff
	c.Begin(time.Second, 100, 7)
	assert.Equal(t, Interrupted, c.Timers(), "nothing is handled yet")
	c.Handled(0, true)
	assert.True(t, c.Passed())
	assert.Equal(t, time.Second, c.Timers())
	assert.EqualValues(t, 7, c.Held())
}

// Behind full batches the cutoff stays where it was, until as many events are handled as
// there could have been by then.
func TestACutoffStaysBehindFullBatches(t *testing.T) {
	var c Cutoff
	c.Begin(time.Second, 100, 7)
	c.Handled(64, false)
	c.Begin(2*time.Second, 100, 8)
	c.Handled(35, false)
	assert.False(t, c.Passed(), "the last one is missing")
	assert.Equal(t, Interrupted, c.Timers())
	c.Begin(3*time.Second, 100, 9)
	c.Handled(1, false)
	assert.True(t, c.Passed())
	assert.Equal(t, time.Second, c.Timers())
	assert.EqualValues(t, 7, c.Held())
	c.Begin(4*time.Second, 100, 10)
	c.Handled(200, false)
	assert.Equal(t, 4*time.Second, c.Timers(), "it moves on")
}
