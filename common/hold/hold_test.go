package hold

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// Two event loops on one core: while the first kept the core for the milliseconds of
// its wait, the second's clients waited too. All waiters of a process count together,
// whichever system call they wait with; the loops of an eventloop server and an iouring
// server in one process were once counted separately.
func TestNoProcessorIsHeldThatAnotherWaiterNeeds(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	first, second := New(), New()
	defer first.Leave()
	assert.True(t, first.May())
	third := New()
	for _, w := range []*Waiter{&first, &second, &third} {
		assert.False(t, w.May())
	}
	second.Leave()
	assert.True(t, first.May())
	third.Leave()
}

// The number of processors was once read only when a loop began. But the runtime lowers
// it when a container's limit falls, and then there are more loops than processors.
func TestTheNumberOfProcessorsMayChange(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	first, second := New(), New()
	defer first.Leave()
	defer second.Leave()
	eventually := func(may bool) {
		t.Helper()
		for range waits {
			first.May()
		}
		assert.Equal(t, may, first.May())
	}
	eventually(true)
	runtime.GOMAXPROCS(1)
	eventually(false)
	runtime.GOMAXPROCS(2)
	eventually(true)
}

// The two parts of a wait are together as long as the whole.
func TestTheRestOfAWait(t *testing.T) {
	for _, whole := range []time.Duration{0, 1, Time - 1, Time, Time + 1, time.Hour} {
		brief := Brief(whole)
		assert.LessOrEqual(t, brief, Time)
		assert.Equal(t, whole, brief+Rest(whole), whole)
	}
	assert.Equal(t, Time, Brief(-1))
	assert.Negative(t, Rest(-1))
}
