package main

import (
	"testing"

	"github.com/ioflavors/ioflavors/examples/internal/exampletest"
)

func TestMain(m *testing.M) { exampletest.Main(m, program) }

func TestExample(t *testing.T) {
	exampletest.Run(t, program, "\x00\x00\x00\x03abc\x00\x00\x00\x00", "\x00\x00\x00\x18\x01want numbers of 8 bytes")
}
