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

func TestHandlersOffTheLoop(t *testing.T) {
	two := server.Variant{Args: []string{"--loops", "2"}, Handlers: 2}
	for _, target := range servertest.Targets(servertest.With(eventloop.Command, two)) {
		t.Run(fmt.Sprintf("%d loops", target.Handlers), func(t *testing.T) {
			servertest.Offload(t, target)
			servertest.Run(t, servertest.Offloaded(target))
		})
	}
}
