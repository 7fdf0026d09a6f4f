package multiblocking_test

import (
	"strings"
	"testing"

	"github.com/ioflavors/ioflavors/common/servertest"
	"github.com/ioflavors/ioflavors/multiblocking"
)

// waiting names a variant in the names of tests: by its flag, which chooses what waits
// for a client.
func waiting(target servertest.Target) string {
	if len(target.Args) == 0 {
		return "goroutines"
	}
	return strings.TrimPrefix(target.Args[0], "--")
}

func BenchmarkServer(b *testing.B) {
	for _, target := range servertest.Targets(multiblocking.Command) {
		b.Run("waiting="+waiting(target), func(b *testing.B) { servertest.Benchmark(b, target) })
	}
}
