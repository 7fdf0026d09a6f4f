package proc

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ioflavors/ioflavors/tools/internal/models"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// Calls that only others' servers make have no counter in ours, because each counter
// takes time.
func TestCallsWithANameOfTheirOwn(t *testing.T) {
	assert.Equal(t, namedCalls, CallsOf(results.Target{}, nil))
	foreign := CallsOf(results.Target{Foreign: true}, nil)
	assert.Subset(t, foreign, namedCalls)
	assert.Contains(t, foreign, "sendmsg")
	// perf counts nothing at all if the kernel does not know a name.
	for _, s := range models.Models("ioflavors") {
		assert.Equal(t, s.Name == "iouring", slices.Contains(CallsOf(s, models.VariantOf(s).Syscalls), results.RingCall), s.Name)
	}
	assert.NotContains(t, namedCalls, results.RingCall)
}
