package main

import (
	"testing"

	"github.com/ioflavors/ioflavors/busywait"
	"github.com/ioflavors/ioflavors/common/servertest/proctest"
)

func TestMain(m *testing.M) { proctest.Main(m, main) }

func TestCommand(t *testing.T) { proctest.Run(t, busywait.Command) }
