//go:build !linux

package servertest

import "testing"

// testBrokenListener is skipped: there is no known way to break a listener
// on this system.
func testBrokenListener(t *testing.T, _ Target) {
	t.Skip("on this system the test cannot break a listener")
}
