//go:build unix

package busywait

import (
	"testing"

	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servertest/protocols"
	"github.com/ioflavors/ioflavors/common/sock"
	"github.com/ioflavors/ioflavors/common/sock/fakekernel"
)

func TestOnAFakeKernel(t *testing.T) {
	for name, oneAtATime := range map[string]bool{"all": false, "one at a time": true} {
		t.Run(name, func(t *testing.T) {
			fakekernel.Check(t, 1000, protocols.All(), func(k *fakekernel.Kernel, cfg server.Config) server.Server {
				return newServer(Config{Config: cfg, OneAtATime: oneAtATime}, sock.Calls{Kernel: k}, k.Rest)
			})
		})
	}
}
