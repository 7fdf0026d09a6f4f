package rawwait

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
func TestNoProcessorIsKeptThatAnotherWaiterNeeds(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	first, second := New(), New()
	defer first.Leave()
	assert.True(t, first.Allowed())
	third := New()
	for _, w := range []*Waiter{&first, &second, &third} {
		assert.False(t, w.Allowed())
	}
	second.Leave()
	assert.True(t, first.Allowed())
	third.Leave()
}

// The number of processors was once read only when a loop began. But the runtime lowers
// it when a container's limit falls, and then there are more loops than processors.
func TestTheNumberOfProcessorsMayChange(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	first, second := New(), New()
	defer first.Leave()
	defer second.Leave()
	eventually := func(allowed bool) {
		t.Helper()
		for range waits {
			first.Allowed()
		}
		assert.Equal(t, allowed, first.Allowed())
	}
	eventually(true)
	runtime.GOMAXPROCS(1)
	eventually(false)
	runtime.GOMAXPROCS(2)
	eventually(true)
}

// The two parts of a wait are together as long as the whole.
func TestSplit(t *testing.T) {
	for _, whole := range []time.Duration{0, 1, Longest - 1, Longest, Longest + 1, time.Hour} {
		raw, rest := Split(whole)
		assert.Equal(t, whole, raw+rest, whole)
		assert.Equal(t, min(whole, Longest), raw)
	}
	raw, rest := Split(-1)
	assert.Equal(t, Longest, raw)
	assert.Negative(t, rest)
}
