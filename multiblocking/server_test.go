package multiblocking_test

import (
	"strings"
	"testing"
	"time"

	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servertest"
	"github.com/ioflavors/ioflavors/multiblocking"
)

func TestMain(m *testing.M) { servertest.VerifyNoLeaks(m) }

func TestServer(t *testing.T) {
	// Some tests of the suite fill the pool, so it is a small one here. That two workers
	// serve two clients at a time is this test's own expectation.
	small := server.Variant{Args: []string{"--workers", "2"}, Clients: 2, Handlers: 2}
	for _, target := range servertest.Targets(servertest.With(multiblocking.Command, small)) {
		t.Run(strings.TrimPrefix(waiting(target), "os-"), func(t *testing.T) { servertest.Run(t, target) })
	}
}

// How long a test waits at most for a condition, and how often it looks.
const (
	eventually = time.Minute
	tick       = 5 * time.Millisecond
)
