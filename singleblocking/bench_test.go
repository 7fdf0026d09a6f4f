package singleblocking_test

import (
	"testing"

	"github.com/ioflavors/ioflavors/common/servertest"
	"github.com/ioflavors/ioflavors/singleblocking"
)

func BenchmarkServer(b *testing.B) {
	for _, target := range servertest.Targets(singleblocking.Command) {
		servertest.Benchmark(b, target)
	}
}
