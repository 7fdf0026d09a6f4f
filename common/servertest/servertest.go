// Package servertest is the test suite that every model passes: the rules of
// the protocol (package conformance) against a server in this process, and
// what can only be seen from inside: the server's life, its limits, its
// counters, and that nothing is left when it has ended.
//
//	func TestServer(t *testing.T) {
//		servertest.Run(t, servertest.Subject{
//			Name: "eventloop",
//			New:  func(cfg kvserver.Config) kvserver.Server { return eventloop.New(…) },
//		})
//	}
//
// Nothing in it sleeps to let something happen, and nothing asserts how long
// something took: tests wait for what must come, up to a generous deadline, so
// a slow machine makes them slow, not wrong.
package servertest

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/ioflavors/ioflavors/common/kvserver"
)

// Subject is a model to test.
type Subject struct {
	Name string
	New  func(kvserver.Config) kvserver.Server
	Caps Caps
}

// Caps is what the model can do. Where it cannot do what a test is about, the
// test asserts what still has to be true instead.
type Caps struct {
	// OneAtATime: one client is served until it leaves or has had its turn.
	// The same as MaxClients 1.
	OneAtATime bool
	// MaxClients is how many clients are served at once; the others wait
	// until one leaves or has had its turn. 0: as many as come.
	MaxClients int
}

// AtOnce returns how many clients are served at once, 0 for any number.
func (c Caps) AtOnce() int {
	if c.OneAtATime {
		return 1
	}
	return c.MaxClients
}

// Run runs the suite.
func Run(t *testing.T, s Subject) {
	for _, group := range []struct {
		name string
		run  func(*testing.T, Subject)
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
