package main

import (
	"testing"

	"github.com/ioflavors/ioflavors/common/servertest"
	"github.com/ioflavors/ioflavors/common/servertest/proctest"
)

func TestMain(m *testing.M) { proctest.Main(m, main) }

func TestCommand(t *testing.T) {
	proctest.Run(t,
		proctest.Target{},
		proctest.Target{Args: []string{"--workers", "8"}, Caps: servertest.Caps{MaxClients: 8}},
		proctest.Target{Args: []string{"--os-threads"}},
	)
}
