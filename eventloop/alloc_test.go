package eventloop_test

import (
	"fmt"
	"testing"

	"github.com/ioflavors/ioflavors/common/servertest"
	"github.com/ioflavors/ioflavors/eventloop"
)

func TestARequestAllocatesNothing(t *testing.T) {
	for _, target := range servertest.Targets(eventloop.Command) {
		t.Run(fmt.Sprintf("loops=%d", target.Handlers), func(t *testing.T) { servertest.Allocations(t, target) })
	}
}
