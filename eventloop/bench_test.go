package eventloop_test

import (
	"fmt"
	"testing"

	"github.com/ioflavors/ioflavors/common/kvserver"
	"github.com/ioflavors/ioflavors/common/servertest"
	"github.com/ioflavors/ioflavors/eventloop"
)

// variants are the ways in which the model can be configured.
func variants() (all []servertest.Target) {
	for _, loops := range []int{1, 2} {
		all = append(all, servertest.Target{
			Name: fmt.Sprintf("loops=%d", loops),
			New: func(cfg kvserver.Config) kvserver.Server {
				return eventloop.New(eventloop.Config{Config: cfg, Loops: loops})
			},
		})
	}
	return all
}

func BenchmarkServer(b *testing.B) {
	for _, s := range variants() {
		b.Run(s.Name, func(b *testing.B) { servertest.Benchmark(b, s) })
	}
}
