package iouring_test

import (
	"testing"

	"github.com/ioflavors/ioflavors/common/servertest"
)

func BenchmarkServer(b *testing.B) {
	need(b)
	servertest.Benchmark(b, subject)
}
