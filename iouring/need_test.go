package iouring

import "testing"

// Need skips a test where the model is not available.
func Need(t testing.TB) {
	t.Helper()
	if err := Available(); err != nil {
		t.Skip(err)
	}
}
