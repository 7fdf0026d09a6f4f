package eventloop_test

import (
	"fmt"
	"testing"

	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servertest"
	"github.com/ioflavors/ioflavors/eventloop"
)

func TestMain(m *testing.M) { servertest.VerifyNoLeaks(m) }

func TestServer(t *testing.T) {
	// With three loops, the acceptor chooses between loops that are not its own.
	three := server.Variant{Args: []string{"--loops", "3"}, Handlers: 3}
	for _, target := range servertest.Targets(servertest.With(eventloop.Command, three)) {
		t.Run(fmt.Sprintf("%d loops", target.Handlers), func(t *testing.T) { servertest.Run(t, target) })
	}
}
