package busywait_test

import (
	"fmt"
	"testing"

	"github.com/ioflavors/ioflavors/busywait"
	"github.com/ioflavors/ioflavors/common/kvserver"
	"github.com/ioflavors/ioflavors/common/servertest"
)

// variants are the ways in which the model can be configured.
func variants() (all []servertest.Target) {
	for _, oneAtATime := range []bool{false, true} {
		all = append(all, servertest.Target{
			Name: fmt.Sprintf("one-at-a-time=%t", oneAtATime),
			New: func(cfg kvserver.Config) kvserver.Server {
				return busywait.New(busywait.Config{Config: cfg, OneAtATime: oneAtATime})
			},
			Caps: servertest.Caps{OneAtATime: oneAtATime},
		})
	}
	return all
}

func BenchmarkServer(b *testing.B) {
	for _, s := range variants() {
		b.Run(s.Name, func(b *testing.B) { servertest.Benchmark(b, s) })
	}
}
