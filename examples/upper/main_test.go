package main

import (
	"testing"

	"github.com/ioflavors/ioflavors/examples/internal/exampletest"
)

func TestMain(m *testing.M) { exampletest.Main(m, program) }

func TestExample(t *testing.T) {
	exampletest.Run(t, program, "", "")
}
