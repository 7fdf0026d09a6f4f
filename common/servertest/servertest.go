// Package servertest is the test suite that every model passes. It checks
// the rules of the protocol (package conformance) against a server in this
// process. It also checks what shows only from inside: the server's start
// and end, its limits, its counters, and that it leaves nothing behind.
//
//	func TestServer(t *testing.T) {
//		for _, target := range servertest.Targets(singleblocking.Command) {
//			servertest.Run(t, target)
//		}
//	}
//
// No test sleeps to let something happen, and no test asserts how long
// something took. Tests wait for events, up to a generous deadline, so a slow
// machine makes them slow, not wrong.
package servertest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/ioflavors/ioflavors/common/server"
)

// Target is a variant of a model to test. The tests ask for what it declares: where
// it lacks the capability that a test is about, the test asserts the requirement
// that remains.
type Target struct {
	server.Variant
	New func(server.Config) server.Server
}

// Targets returns all variants that a model declares.
func Targets(c server.Command) (all []Target) {
	for _, v := range c.Variants {
		all = append(all, Target{v, func(cfg server.Config) server.Server {
			srv, err := c.New(cfg, v.Args...)
			if err != nil {
				panic(fmt.Sprintf("%s declares a variant with the flags %q: %v", c.Model, v.Args, err))
			}
			return srv
		}})
	}
	return all
}

// With returns the model with v in place of the variant that has the same flags, for
// a test that needs other values of them. What v declares is the test's own
// expectation of these values.
func With(c server.Command, v server.Variant) server.Command {
	i := slices.IndexFunc(c.Variants, func(declared server.Variant) bool {
		return slices.Equal(flags(declared), flags(v))
	})
	if i < 0 {
		panic(fmt.Sprintf("%s declares no variant with the flags of %q", c.Model, v.Args))
	}
	c.Variants = slices.Clone(c.Variants)
	c.Variants[i] = v
	return c
}

// flags returns a variant's flags without their values.
func flags(v server.Variant) (names []string) {
	for _, arg := range v.Args {
		if strings.HasPrefix(arg, "--") {
			names = append(names, arg)
		}
	}
	return names
}

// Run runs the suite.
func Run(t *testing.T, target Target) {
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
		t.Run(group.name, func(t *testing.T) { group.run(t, target) })
	}
}

// VerifyNoLeaks runs a package's tests and fails if goroutines are left. Call
// it from TestMain.
func VerifyNoLeaks(m *testing.M) { goleak.VerifyTestMain(m) }
