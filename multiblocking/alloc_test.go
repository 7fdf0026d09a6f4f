package multiblocking_test

import (
	"testing"

	"github.com/ioflavors/ioflavors/common/servertest"
	"github.com/ioflavors/ioflavors/multiblocking"
)

func TestARequestAllocatesNothing(t *testing.T) {
	for _, target := range servertest.Targets(multiblocking.Command) {
		t.Run("waiting="+waiting(target), func(t *testing.T) { servertest.Allocations(t, target) })
	}
}
