//go:build !unix

package servertest

import "testing"

// testDescriptors needs limits on descriptors.
func testDescriptors(t *testing.T, _ Target) {
	t.Skip("on this system a process cannot limit its own descriptors")
}
