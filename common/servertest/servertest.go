// Package servertest is the test suite that every model passes. It checks
// the rules of the protocol (package conformance) against a server in this
// process. It also checks what shows only from inside: the server's start
// and end, its limits, its counters, and that it leaves nothing behind.
//
//	func TestServer(t *testing.T) {
//		servertest.Run(t, servertest.Target{
//			Name: "eventloop",
//			New:  func(cfg kvserver.Config) kvserver.Server { return eventloop.New(…) },
//		})
//	}
//
// No test sleeps to let something happen, and no test asserts how long
// something took. Tests wait for events, up to a generous deadline, so a slow
// machine makes them slow, not wrong.
package servertest

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/ioflavors/ioflavors/common/kvserver"
)

// Target is a model to test.
type Target struct {
	Name string
	New  func(kvserver.Config) kvserver.Server
	Caps Caps
}

// Caps are the capabilities of the model. If it lacks the capability that a
// test is about, the test asserts the requirement that remains.
type Caps struct {
	// OneAtATime: it serves one client until that client leaves or its turn
	// ends. The same as MaxClients 1.
	OneAtATime bool
	// MaxClients is the number of clients that it serves at once; the others
	// wait until one leaves or its turn ends. 0: no limit.
	MaxClients int
}

// AtOnce returns the number of clients served at once, 0 for any number.
func (c Caps) AtOnce() int {
	if c.OneAtATime {
		return 1
	}
	return c.MaxClients
}

// Run runs the suite.
func Run(t *testing.T, s Target) {
	for _, group := range []struct {
		name string
		run  func(*testing.T, Target)
	}{
		{"conformance", testConformance},
		{"lifecycle", testLifecycle},
		{"drain", testDrain},
		{"timeouts", testTimeouts},
		{"limits", testLimits},
		{"turns", testTurns},
		{"store", testStore},
		{"log", testLog},
		{"histories", testHistories},
		{"churn", testChurn},
		{"descriptors", testDescriptors},
	} {
		t.Run(group.name, func(t *testing.T) { group.run(t, s) })
	}
}

// VerifyNoLeaks runs a package's tests and fails if goroutines are left. Call
// it from TestMain.
func VerifyNoLeaks(m *testing.M) { goleak.VerifyTestMain(m) }
