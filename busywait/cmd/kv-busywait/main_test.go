package main

import (
	"testing"

	"github.com/ioflavors/ioflavors/common/servertest"
	"github.com/ioflavors/ioflavors/common/servertest/proctest"
)

func TestMain(m *testing.M) { proctest.Main(m, main) }

func TestCommand(t *testing.T) {
	proctest.Run(t,
		proctest.Target{Spins: true},
		proctest.Target{Args: []string{"--one-at-a-time"}, Caps: servertest.Caps{OneAtATime: true}, Spins: true},
	)
}
