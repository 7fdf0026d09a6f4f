package busywait_test

import (
	"testing"

	"github.com/ioflavors/ioflavors/busywait"
	"github.com/ioflavors/ioflavors/common/servertest"
)

func TestMain(m *testing.M) { servertest.VerifyNoLeaks(m) }

func TestServer(t *testing.T) {
	for _, target := range servertest.Targets(busywait.Command) {
		name := "all"
		if target.OneAtATime() {
			name = "one at a time"
		}
		t.Run(name, func(t *testing.T) { servertest.Run(t, target) })
	}
}
