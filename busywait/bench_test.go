package busywait_test

import (
	"fmt"
	"testing"

	"github.com/ioflavors/ioflavors/busywait"
	"github.com/ioflavors/ioflavors/common/servertest"
)

func BenchmarkServer(b *testing.B) {
	for _, target := range servertest.Targets(busywait.Command) {
		b.Run(fmt.Sprintf("one-at-a-time=%t", target.OneAtATime()), func(b *testing.B) { servertest.Benchmark(b, target) })
	}
}
