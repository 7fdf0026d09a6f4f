package main

import (
	"os"
	"testing"
)

// asProgram in the environment makes the test's program run as the command.
const asProgram = "IOFLAVORS_TEST_AS_PROGRAM"

// The test binary also runs as the command if it is started as "serve MODEL",
// as the lab does.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "serve" || os.Getenv(asProgram) != "" {
		os.Exit(run(os.Args[1:]))
	}
	os.Exit(m.Run())
}
