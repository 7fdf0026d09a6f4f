package iouring_test

import (
	"testing"

	"github.com/ioflavors/ioflavors/common/servertest"
	"github.com/ioflavors/ioflavors/iouring"
)

func TestARequestAllocatesNothing(t *testing.T) {
	iouring.Need(t)
	for _, target := range servertest.Targets(iouring.Command) {
		servertest.Allocations(t, target)
	}
}
