package singleblocking_test

import (
	"testing"

	"github.com/ioflavors/ioflavors/common/servertest"
)

func TestARequestAllocatesNothing(t *testing.T) { servertest.Allocations(t, target) }
