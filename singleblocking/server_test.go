package singleblocking_test

import (
	"testing"

	"github.com/ioflavors/ioflavors/common/kvserver"
	"github.com/ioflavors/ioflavors/common/servertest"
	"github.com/ioflavors/ioflavors/singleblocking"
)

func TestMain(m *testing.M) { servertest.VerifyNoLeaks(m) }

func TestServer(t *testing.T) {
	servertest.Run(t, servertest.Target{
		Name: "singleblocking",
		New:  func(cfg kvserver.Config) kvserver.Server { return singleblocking.New(cfg) },
		Caps: servertest.Caps{OneAtATime: true},
	})
}
