package poller

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Two loops on one core: while the first kept the core for the milliseconds of
// its wait, the second's clients waited too.
func TestNoProcessorIsHeldThatAnotherPollerNeeds(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	open := func() *Poller {
		p, err := New(16)
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, p.Close()) })
		return p
	}
	first, second := open(), open()
	assert.True(t, first.mayHold())
	third := open()
	for _, p := range []*Poller{first, second, third} {
		assert.False(t, p.mayHold())
	}
	require.NoError(t, second.Close())
	assert.True(t, first.mayHold())
}
