package main

import (
	"os"
	"testing"
)

// The test binary is the program, where it is started as "serve MODEL".
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		os.Exit(run(os.Args[1:]))
	}
	os.Exit(m.Run())
}
