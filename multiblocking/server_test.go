package multiblocking_test

import (
	"testing"
	"time"

	"github.com/ioflavors/ioflavors/common/kvserver"
	"github.com/ioflavors/ioflavors/common/servertest"
	"github.com/ioflavors/ioflavors/multiblocking"
)

func TestMain(m *testing.M) { servertest.VerifyNoLeaks(m) }

func TestServer(t *testing.T) {
	for _, variant := range []struct {
		name string
		multiblocking.Config
		caps servertest.Caps
	}{
		{name: "goroutines"},
		{"workers", multiblocking.Config{Workers: 2}, servertest.Caps{MaxClients: 2}},
		{"threads", multiblocking.Config{OSThreads: true}, servertest.Caps{}},
	} {
		t.Run(variant.name, func(t *testing.T) {
			servertest.Run(t, servertest.Target{
				Name: "multiblocking " + variant.name,
				New: func(cfg kvserver.Config) kvserver.Server {
					variant.Config.Config = cfg
					return multiblocking.New(variant.Config)
				},
				Caps: variant.caps,
			})
		})
	}
}

// How long a test waits at most for a condition, and how often it looks.
const (
	eventually = time.Minute
	tick       = 5 * time.Millisecond
)
