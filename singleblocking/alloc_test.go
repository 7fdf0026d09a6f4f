package singleblocking_test

import (
	"testing"

	"github.com/ioflavors/ioflavors/common/servertest"
	"github.com/ioflavors/ioflavors/singleblocking"
)

func TestARequestAllocatesNothing(t *testing.T) {
	for _, target := range servertest.Targets(singleblocking.Command) {
		servertest.Allocations(t, target)
	}
}
