package iouring_test

import (
	"testing"

	"github.com/ioflavors/ioflavors/common/kvserver"
	"github.com/ioflavors/ioflavors/common/servertest"
	"github.com/ioflavors/ioflavors/iouring"
)

func TestMain(m *testing.M) { servertest.VerifyNoLeaks(m) }

var subject = servertest.Subject{
	Name: "iouring",
	New:  func(cfg kvserver.Config) kvserver.Server { return iouring.New(iouring.Config{Config: cfg}) },
}

// need skips a test where the model is not available.
func need(t testing.TB) {
	t.Helper()
	if err := iouring.Available(); err != nil {
		t.Skip(err)
	}
}

func TestServer(t *testing.T) {
	need(t)
	servertest.Run(t, subject)
}
