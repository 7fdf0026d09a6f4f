package iouring_test

import (
	"testing"

	"github.com/ioflavors/ioflavors/common/servertest"
	"github.com/ioflavors/ioflavors/iouring"
)

func BenchmarkServer(b *testing.B) {
	iouring.Need(b)
	for _, target := range servertest.Targets(iouring.Command) {
		servertest.Benchmark(b, target)
	}
}
