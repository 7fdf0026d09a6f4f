package eventloop_test

import (
	"fmt"
	"testing"

	"github.com/ioflavors/ioflavors/common/servertest"
	"github.com/ioflavors/ioflavors/eventloop"
)

func BenchmarkServer(b *testing.B) {
	for _, target := range servertest.Targets(eventloop.Command) {
		b.Run(fmt.Sprintf("loops=%d", target.Handlers), func(b *testing.B) { servertest.Benchmark(b, target) })
	}
}
