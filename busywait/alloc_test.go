package busywait_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/ioflavors/ioflavors/busywait"
	"github.com/ioflavors/ioflavors/common/servertest"
)

// The variant that serves all clients polls its listener in each round. On
// systems other than Linux that allocates memory for an address each time.
func TestARequestAllocatesNothing(t *testing.T) {
	for _, target := range servertest.Targets(busywait.Command) {
		if target.OneAtATime() || runtime.GOOS == "linux" {
			t.Run(fmt.Sprintf("one-at-a-time=%t", target.OneAtATime()), func(t *testing.T) { servertest.Allocations(t, target) })
		}
	}
}
