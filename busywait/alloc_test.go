package busywait_test

import (
	"testing"

	"github.com/ioflavors/ioflavors/common/servertest"
)

// Only one of the variants is tested, the one that accepts nobody while it
// serves a client. The other one asks its listener in each round, and each time
// that allocates memory for the address of a client.
func TestARequestAllocatesNothing(t *testing.T) {
	for _, s := range variants() {
		if s.Caps.OneAtATime {
			servertest.Allocations(t, s)
		}
	}
}
