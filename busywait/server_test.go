package busywait_test

import (
	"testing"

	"github.com/ioflavors/ioflavors/busywait"
	"github.com/ioflavors/ioflavors/common/kvserver"
	"github.com/ioflavors/ioflavors/common/servertest"
)

func TestMain(m *testing.M) { servertest.VerifyNoLeaks(m) }

func TestServer(t *testing.T) {
	for _, variant := range []struct {
		name       string
		oneAtATime bool
	}{{"all", false}, {"one at a time", true}} {
		t.Run(variant.name, func(t *testing.T) {
			servertest.Run(t, servertest.Target{
				Name: "busywait " + variant.name,
				New: func(cfg kvserver.Config) kvserver.Server {
					return busywait.New(busywait.Config{Config: cfg, OneAtATime: variant.oneAtATime})
				},
				Caps: servertest.Caps{OneAtATime: variant.oneAtATime},
			})
		})
	}
}
