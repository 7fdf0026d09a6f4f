package singleblocking_test

import (
	"testing"

	"github.com/ioflavors/ioflavors/common/servertest"
	"github.com/ioflavors/ioflavors/singleblocking"
)

func TestMain(m *testing.M) { servertest.VerifyNoLeaks(m) }

func TestServer(t *testing.T) {
	for _, target := range servertest.Targets(singleblocking.Command) {
		servertest.Run(t, target)
	}
}
