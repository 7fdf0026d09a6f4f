package multiblocking_test

import (
	"testing"

	"github.com/ioflavors/ioflavors/common/kvserver"
	"github.com/ioflavors/ioflavors/common/servertest"
	"github.com/ioflavors/ioflavors/multiblocking"
)

// variants are the ways in which the model can be configured.
func variants() (all []servertest.Target) {
	const workers = 64
	for _, v := range []struct {
		name string
		multiblocking.Config
		caps servertest.Caps
	}{
		{name: "waiting=goroutines"},
		{"waiting=workers", multiblocking.Config{Workers: workers}, servertest.Caps{MaxClients: workers}},
		{"waiting=os-threads", multiblocking.Config{OSThreads: true}, servertest.Caps{}},
	} {
		all = append(all, servertest.Target{
			Name: v.name,
			New: func(cfg kvserver.Config) kvserver.Server {
				v.Config.Config = cfg
				return multiblocking.New(v.Config)
			},
			Caps: v.caps,
		})
	}
	return all
}

func BenchmarkServer(b *testing.B) {
	for _, s := range variants() {
		b.Run(s.Name, func(b *testing.B) { servertest.Benchmark(b, s) })
	}
}
