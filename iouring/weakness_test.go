package iouring_test

import (
	"testing"

	"github.com/ioflavors/ioflavors/common/servertest"
	"github.com/ioflavors/ioflavors/iouring"
)

// The model's weakness: the kernel moves the bytes, but one goroutine handles all
// requests.
func TestOneSlowRequestDelaysEveryClient(t *testing.T) {
	iouring.Need(t)
	servertest.OneSlowRequestDelaysEveryClient(t, servertest.Targets(iouring.Command)[0])
}
