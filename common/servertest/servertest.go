// Package servertest is the test suite that every model passes. It checks
// the rules of the protocol (package conformance) against a server in this
// process. It also checks what shows only from inside: the server's start
// and end, its limits, its counters, and that it leaves nothing behind.
//
// The suite runs with several protocols: the key/value protocol, and those of package
// protocols that differ from it in all that a server might notice. The groups of tests
// in which a connection's session matters run with each of them: how requests and
// replies travel, drain, the clocks, the limits, turns, and clients that leave in every
// way (fewer clients, and fewer clocks, behind the first protocol, because the suite
// must stay short). The other groups run once, with the first protocol: a server starts,
// ends, and does without descriptors in the same way whatever it serves. Four groups are
// about the key/value protocol itself: its rules, its store, its log and its histories.
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
	"github.com/ioflavors/ioflavors/common/servertest/dialogue"
	"github.com/ioflavors/ioflavors/common/servertest/protocols"
)

// Target is a variant of a model to test. The tests ask for what it declares: where
// it lacks the capability that a test is about, the test asserts the requirement
// that remains.
type Target struct {
	server.Variant
	New func(server.Config) server.Server
	// Protocols are the protocols to test it with. nil: protocols.All().
	Protocols []dialogue.Protocol

	protocol dialogue.Protocol // of this test; the zero value means the key/value protocol
	again    bool              // another protocol has been tested before
}

// serves returns the protocol of the test.
func (t Target) serves() dialogue.Protocol {
	if t.protocol.Name == "" {
		return protocols.KeyValue
	}
	return t.protocol
}

// Targets returns all variants that a model declares.
func Targets(c server.Command) (all []Target) {
	for _, v := range c.Variants {
		all = append(all, Target{Variant: v, New: func(cfg server.Config) server.Server {
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

// which says for which protocols a group of tests runs.
type which int

const (
	keyValue which = iota // for the key/value protocol
	first                 // for the first protocol
	each                  // for each protocol
)

// Run runs the suite. The tests of the second protocol, and of those behind it, are
// subtests of one with the protocol's name.
func Run(t *testing.T, target Target) {
	all := target.Protocols
	if all == nil {
		all = protocols.All()
	}
	for i, p := range all {
		target.protocol, target.again = p, i > 0
		if target.again {
			t.Run(p.Name, func(t *testing.T) { run(t, target) })
		} else {
			run(t, target)
		}
	}
}

func run(t *testing.T, target Target) {
	for _, group := range []struct {
		name string
		runs which
		run  func(*testing.T, Target)
	}{
		{"conformance", keyValue, testConformance},
		{"exchanges", each, testExchanges},
		{"lifecycle", first, testLifecycle},
		{"drain", each, testDrain},
		{"timeouts", each, testTimeouts},
		{"limits", each, testLimits},
		{"turns", each, testTurns},
		{"store", keyValue, testStore},
		{"log", keyValue, testLog},
		{"histories", keyValue, testHistories},
		{"churn", each, testChurn},
		{"descriptors", first, testDescriptors},
	} {
		if group.runs == each || group.runs == first && !target.again || group.runs == keyValue && target.serves().Name == protocols.KeyValue.Name {
			t.Run(group.name, func(t *testing.T) { group.run(t, target) })
		}
	}
}

// VerifyNoLeaks runs a package's tests and fails if goroutines are left. Call
// it from TestMain.
func VerifyNoLeaks(m *testing.M) { goleak.VerifyTestMain(m) }
