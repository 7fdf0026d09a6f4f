package busywait_test

import (
	"runtime"
	"testing"

	"github.com/ioflavors/ioflavors/common/servertest"
)

// The variant that serves all clients polls its listener in each round. On
// systems other than Linux that allocates memory for an address each time.
func TestARequestAllocatesNothing(t *testing.T) {
	for _, s := range variants() {
		if s.Caps.OneAtATime || runtime.GOOS == "linux" {
			t.Run(s.Name, func(t *testing.T) { servertest.Allocations(t, s) })
		}
	}
}
