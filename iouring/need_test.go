package iouring

import "testing"

// Need skips the test if the model is not available.
func Need(t testing.TB) {
	t.Helper()
	if err := Available(); err != nil {
		t.Skip(err)
	}
}
