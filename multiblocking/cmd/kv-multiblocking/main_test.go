package main

import (
	"testing"

	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servertest"
	"github.com/ioflavors/ioflavors/common/servertest/proctest"
	"github.com/ioflavors/ioflavors/multiblocking"
)

func TestMain(m *testing.M) { proctest.Main(m, main) }

func TestCommand(t *testing.T) {
	// 64 descriptors are too few for 64 workers, so the pool is a smaller one here. That
	// eight workers serve eight clients at a time is this test's own expectation.
	small := server.Variant{Args: []string{"--workers", "8"}, Clients: 8, Handlers: 8}
	proctest.Run(t, servertest.With(multiblocking.Command, small))
}
