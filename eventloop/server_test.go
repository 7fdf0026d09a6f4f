package eventloop_test

import (
	"fmt"
	"testing"

	"github.com/ioflavors/ioflavors/common/kvserver"
	"github.com/ioflavors/ioflavors/common/servertest"
	"github.com/ioflavors/ioflavors/eventloop"
)

func TestMain(m *testing.M) { servertest.VerifyNoLeaks(m) }

func TestServer(t *testing.T) {
	for _, loops := range []int{1, 3} {
		t.Run(fmt.Sprintf("%d loops", loops), func(t *testing.T) {
			servertest.Run(t, servertest.Target{
				Name: fmt.Sprintf("eventloop with %d loops", loops),
				New: func(cfg kvserver.Config) kvserver.Server {
					return eventloop.New(eventloop.Config{Config: cfg, Loops: loops})
				},
			})
		})
	}
}
