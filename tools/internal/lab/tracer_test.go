package lab

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

// What only others call has no counter in ours, where it would cost time.
func TestCallsWithANameOfTheirOwn(t *testing.T) {
	assert.Equal(t, namedCalls, callsOf(Subject{}))
	foreign := callsOf(Subject{Foreign: true})
	assert.Subset(t, foreign, namedCalls)
	assert.Contains(t, foreign, "sendmsg")
	// perf counts nothing at all if the kernel does not know a name.
	for _, s := range Models("ioflavors") {
		assert.Equal(t, s.Name == "iouring", slices.Contains(callsOf(s), ringCall), s.Name)
	}
	assert.NotContains(t, namedCalls, ringCall)
}
