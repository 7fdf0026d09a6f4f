package main

import (
	"testing"

	"github.com/ioflavors/ioflavors/common/servertest/proctest"
)

func TestMain(m *testing.M) { proctest.Main(m, main) }

func TestCommand(t *testing.T) {
	proctest.Run(t,
		proctest.Target{},
		proctest.Target{Args: []string{"--loops", "2"}},
	)
}
