package multiblocking_test

import (
	"testing"

	"github.com/ioflavors/ioflavors/common/servertest"
)

func TestARequestAllocatesNothing(t *testing.T) {
	for _, s := range variants() {
		t.Run(s.Name, func(t *testing.T) { servertest.Allocations(t, s) })
	}
}
