package iouring_test

import (
	"testing"

	"github.com/ioflavors/ioflavors/common/servertest"
)

func TestARequestAllocatesNothing(t *testing.T) {
	need(t)
	servertest.Allocations(t, subject)
}
