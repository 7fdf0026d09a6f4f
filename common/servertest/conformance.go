package servertest

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/conformance"
	"github.com/ioflavors/ioflavors/common/server"
)

// testConformance checks each rule of the protocol on a new server: once with
// the usual limits, once with small frames, and once with an output limit
// that every reply exceeds, this time over IPv6.
func testConformance(t *testing.T, target Target) {
	known := options(target)
	t.Run("tcp4", func(t *testing.T) { checkRules(t, target, server.Limits{}, known, "127.0.0.1:0") })
	t.Run("tcp6, small output", func(t *testing.T) {
		addr := "[::1]:0"
		if ln, err := net.Listen("tcp", addr); err != nil {
			t.Logf("over IPv4, because this machine has no IPv6: %v", err)
			addr = "127.0.0.1:0"
		} else {
			ln.Close()
		}
		checkRules(t, target, server.Limits{OutputLimit: 100}, known, addr)
	})
	t.Run("small frames", func(t *testing.T) {
		o := known
		o.MaxFrame = 1000
		checkRules(t, target, server.Limits{MaxFrame: o.MaxFrame}, o, "127.0.0.1:0")
	})
	// Each of these servers has one short limit, and no other limit.
	const short = 300 * time.Millisecond
	t.Run("short timeouts", func(t *testing.T) {
		idle, frame, write := unhurried, unhurried, unhurried
		idle.IdleTimeout, frame.FrameTimeout, write.WriteTimeout = short, short, short
		checkRule(t, target, idle, known, "idle-timeout")
		checkRule(t, target, frame, known, "frame-timeout")
		checkRule(t, target, write, known, "write-timeout")
		checkRule(t, target, idle, known, "silent-client")
	})
	if known.OneAtATime {
		t.Run("short turns", func(t *testing.T) {
			turn := unhurried
			turn.TurnLimit = short
			checkRule(t, target, turn, known, "turn-limit")
		})
	}
	if target.Clients == 0 {
		t.Run("few clients", func(t *testing.T) {
			o := known
			o.MaxConns = 3
			o.Only = []string{"over-limit"}
			checkRules(t, target, server.Limits{MaxConns: o.MaxConns}, o, "127.0.0.1:0")
		})
	}
}

func checkRules(t *testing.T, target Target, l server.Limits, o conformance.Options, addr string) {
	for _, rule := range conformance.Select(o) {
		t.Run(rule.ID, func(t *testing.T) {
			srv := startOn(t, target, server.Config{Limits: l}, addr)
			o.Only = []string{rule.ID}
			report := conformance.Check(context.Background(), srv.addr, o)
			wantPassed(t, report)
		})
	}
}

// options describes the target to the rules.
func options(target Target) conformance.Options {
	clients := 200
	if n := target.Clients; n > 1 { // where it is 1, the clients come one after another
		clients = n
	}
	return conformance.Options{OneAtATime: target.OneAtATime(), Clients: clients, RuleTimeout: patience}
}

// wantPassed expects that every rule was followed.
func wantPassed(t *testing.T, report conformance.Report) {
	t.Helper()
	for _, failure := range report.Failed() {
		t.Error(failure.Title+":", failure.Reason)
	}
	// This blames no server, but a test without a verdict has not passed.
	for _, r := range report.NotJudged() {
		t.Errorf("%s: not judged, run the test again on a quieter machine: %s", r.Title, r.Reason)
	}
}

// checkRule checks a rule about a short limit of a server. On a busy machine a client may
// be too late for the limit, so the rule is tried until the server has followed it once:
// a server that breaks the rule never does.
func checkRule(t *testing.T, target Target, l server.Limits, o conformance.Options, rule string) {
	o.Only = []string{rule}
	o.IdleTimeout, o.FrameTimeout = max(0, l.IdleTimeout), max(0, l.FrameTimeout)
	o.WriteTimeout, o.TurnLimit = max(0, l.WriteTimeout), max(0, l.TurnLimit)
	t.Run(rule, func(t *testing.T) {
		require.Len(t, conformance.Select(o), 1)
		for begun := time.Now(); ; {
			srv := start(t, target, server.Config{Limits: l})
			result := conformance.Check(context.Background(), srv.addr, o).Results[0]
			if result.Passed() {
				return
			}
			t.Log(result.Title+":", result.Reason)
			require.Less(t, time.Since(begun), patience, result.Reason)
			require.NoError(t, srv.Close())
		}
	})
}
