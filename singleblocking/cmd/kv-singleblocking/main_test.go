package main

import (
	"testing"

	"github.com/ioflavors/ioflavors/common/servertest/proctest"
	"github.com/ioflavors/ioflavors/singleblocking"
)

func TestMain(m *testing.M) { proctest.Main(m, main) }

func TestCommand(t *testing.T) { proctest.Run(t, singleblocking.Command) }
