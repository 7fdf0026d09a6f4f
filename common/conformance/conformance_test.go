package conformance_test

import (
	"context"
	"encoding/json"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"github.com/ioflavors/ioflavors/common/conformance"
	"github.com/ioflavors/ioflavors/common/frame"
	"github.com/ioflavors/ioflavors/common/kv"
	kvpb "github.com/ioflavors/ioflavors/common/proto/ioflavors/kv/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// short is a timeout whose effect a test waits for.
const short = 100 * time.Millisecond

// patience is a timeout that only a failing test reaches.
const patience = time.Minute

// A server written only from the protocol's description passes: the rules
// require nothing that is special to this project's servers.
func TestGoodServer(t *testing.T) {
	report := conformance.Check(context.Background(), (&plainServer{}).start(t), conformance.Options{})
	for _, f := range report.Failed() {
		t.Errorf("%s: %s", f.ID, f.Reason)
	}
	assert.Equal(t, report.Total(), report.Passed())
	assert.ElementsMatch(t, append(limitsToKnow, "turn-limit"), ids(report.NotRun), "the rules about limits that are not known")

	limited := &plainServer{idleTimeout: short, frameTimeout: short, writeTimeout: short, maxConns: few}
	report = conformance.Check(context.Background(), limited.start(t), conformance.Options{
		IdleTimeout:  short,
		FrameTimeout: short,
		WriteTimeout: short,
		MaxConns:     few,
		Only:         limitsToKnow,
	})
	assert.Empty(t, report.Failed())
	assert.Equal(t, len(limitsToKnow), report.Passed())
}

// limitsToKnow are the rules that run only if a limit is known.
var limitsToKnow = []string{"idle-timeout", "frame-timeout", "write-timeout", "silent-client", "over-limit"}

func ids(rules []conformance.Rule) (ids []string) {
	for _, r := range rules {
		ids = append(ids, r.ID)
	}
	return ids
}

// few is a limit of clients small enough to reach in a test.
const few = 3

// Each rule detects a server that breaks it.
func TestBadServers(t *testing.T) {
	var mu sync.Mutex
	found := make(map[string]bool)
	t.Run("flaws", func(t *testing.T) {
		testFlaws(t, func(rule string) {
			mu.Lock()
			defer mu.Unlock()
			found[rule] = true
		})
	})
	for _, rule := range conformance.Rules() {
		assert.True(t, found[rule.ID], "no server here breaks the rule %s", rule.ID)
	}
}

func testFlaws(t *testing.T, found func(rule string)) {
	for flaw, rules := range map[string][]string{
		"answers a get with its own kind":          {"put-get", "get-absent", "golden-frames"},
		"answers from a cache":                     {"no-stale-reads", "overwrite"},
		"answers late requests first":              {"pipeline", "pipeline-sizes", "error-in-pipeline"},
		"calls errors Ok":                          {"unknown-kind", "bad-protobuf", "wrong-footer"},
		"carries out half a frame":                 {"fin-in-frame"},
		"closes after a bad message":               {"bad-protobuf", "bad-text-in-key", "bad-text-in-value", "error-in-pipeline", "deep-groups"},
		"closes idle clients at once":              {"idle-timeout"},
		"closes with input unread":                 {"garbage-behind"},
		"closes without a word":                    {"length-too-small", "length-too-large", "http", "tls", "wrong-footer", "good-before-bad"},
		"crashes at short lengths":                 {"length-too-small"},
		"does not close after an error":            {"length-too-small", "wrong-footer"},
		"does not look at the footer":              {"wrong-footer", "good-before-bad"},
		"does not tell an empty value from none":   {"empty-value", "overwrite"},
		"drops clients in a crowd":                 {"crowd", "storm"},
		"drops pending replies at a FIN":           {"half-close", "half-close-large"},
		"echoes the value that was put":            {"put-reply", "golden-frames"},
		"finds everything":                         {"get-absent", "frame-in-value"},
		"forgets the kind":                         {"unknown-kind"},
		"gives each byte of a frame more time":     {"frame-timeout"},
		"gives no reasons":                         {"unknown-kind", "empty-body"},
		"gives reasons as keys":                    {"unknown-kind"},
		"goes on behind a bad frame":               {"nothing-after-bad"},
		"keeps a value where the next one is read": {"kept-copy"},
		"allocates the announced length":           {"claims"},
		"refuses no client":                        {"over-limit"},
		"waits for readers for ever":               {"write-timeout"},
		"keeps the first value":                    {"overwrite"},
		"leaves the key out of its replies":        {"put-get", "multi-byte-text"},
		"mixes up replies":                         {"no-crossed-replies", "crowd"},
		"dies of a reset":                          {"rst-in-frame", "rst-in-reply", "come-and-go"},
		"does nothing for clients that have left":  {"put-then-close", "half-close"},
		"has no empty key":                         {"empty-key"},
		"knows all fields":                         {"unknown-fields"},
		"wants fields once":                        {"repeated-field"},
		"wants the key first":                      {"field-order"},
		"reads lengths as big endian":              {"put-get", "golden-frames"},
		"refuses the largest frame":                {"largest-frame", "sizes"},
		"says nothing about a bad message":         {"bad-protobuf", "bad-text-in-key"},
		"searches for the footer":                  {"footer-in-value", "frame-in-value"},
		"serves one client at a time":              {"stopped-in-frame", "stopped-reading", "never-pauses", "crowd", "silent-client", "turn-limit"},
		"takes a read for a frame":                 {"cut-anywhere", "byte-by-byte", "cut-large", "sizes", "pipeline"},
		"takes any bytes for text":                 {"bad-text-in-key", "bad-text-in-value"},
		"takes one byte too many":                  {"length-too-large"},
		"waits for the announced bytes":            {"length-too-large", "http", "tls"},
		"writes half of a large reply":             {"large-replies", "small-window", "sizes"},
	} {
		t.Run(flaw, func(t *testing.T) {
			t.Parallel()
			o := conformance.Options{RuleTimeout: 5 * short} // a hanging server hangs for good
			s := &plainServer{flaw: flaw}
			switch {
			// Only the limit under test is short, so that on a busy machine no other
			// limit ends the connection.
			case rules[0] == "idle-timeout":
				s.idleTimeout, o.IdleTimeout = patience, patience // no test waits for it
			case rules[0] == "frame-timeout":
				s.frameTimeout, o.FrameTimeout = short, short
			case rules[0] == "write-timeout":
				s.writeTimeout, o.WriteTimeout = short, short
			case rules[0] == "over-limit":
				s.maxConns, o.MaxConns = few, few
			}
			addr := s.start(t)
			for _, rule := range rules {
				o := o
				o.Only = []string{rule}
				switch rule { // the other options that the rule needs
				case "silent-client":
					o.IdleTimeout = short
				case "turn-limit":
					o.OneAtATime, o.TurnLimit = true, short
				}
				// The check assumes an idle machine, because on a busy one it would not
				// judge a hanging server.
				report := conformance.Check(context.Background(), addr, conformance.StoodStill(o, 0))
				require.Equal(t, 1, report.Total(), "%s should be run", rule)
				if r := report.Results[0]; assert.True(t, r.Failed(), "%s should fail", rule) {
					t.Log(r.ID+":", r.Reason)
					found(r.ID)
				}
			}
		})
	}
}

// A server with one client at a time passes, if the options say so.
func TestOneAtATime(t *testing.T) {
	const flaw = "serves one client at a time"
	report := conformance.Check(context.Background(), (&plainServer{flaw: flaw}).start(t), conformance.Options{OneAtATime: true})
	for _, f := range report.Failed() {
		t.Errorf("%s: %s", f.ID, f.Reason)
	}
	assert.ElementsMatch(t, []string{"idle-timeout", "frame-timeout", "write-timeout", "silent-client", "turn-limit"}, ids(report.NotRun))

	limited := &plainServer{flaw: flaw, idleTimeout: short, frameTimeout: short, writeTimeout: short, turnLimit: short}
	report = conformance.Check(context.Background(), limited.start(t), conformance.Options{
		OneAtATime:  true,
		IdleTimeout: short,
		TurnLimit:   short,
		Only:        []string{"silent-client", "turn-limit"},
	})
	assert.Empty(t, report.Failed())
	assert.Equal(t, 2, report.Passed())
}

func TestNobodyListens(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ln.Close()
	report := conformance.Check(context.Background(), ln.Addr().String(), conformance.Options{})
	assert.Zero(t, report.Passed())
	assert.Contains(t, report.Failed()[0].Reason, "refused")
}

// The report of an interrupted check shows neither a good server nor a bad
// one.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	report := conformance.Check(ctx, (&plainServer{}).start(t), conformance.Options{
		Progress: func(r conformance.Result) {
			if r.ID == "put-get" {
				cancel()
			}
		},
	})
	assert.Equal(t, 2, report.Passed())
	assert.Equal(t, len(conformance.Rules())-len(report.NotRun), report.Total())
	assert.Empty(t, report.Failed())
	assert.Len(t, report.NotJudged(), report.Total()-2)
	assert.Contains(t, report.NotJudged()[0].Reason, "interrupted")
}

// mute is a server that reads requests, and answers them only after speak is
// called.
func mute(t *testing.T) (addr string, speak func()) {
	s := &plainServer{flaw: "is mute", spoken: make(chan struct{})}
	speak = sync.OnceFunc(func() { close(s.spoken) })
	addr = s.start(t)
	t.Cleanup(speak) // before the server waits for its clients
	return addr, speak
}

// Six busy programs beside the checker are not the server's fault: a rule that
// ran out of time is tried again with more time, and is then not judged. On an
// idle machine it fails at once.
func TestARuleThatRunsOutOfTimeOnABusyMachineIsNotJudged(t *testing.T) {
	o := conformance.Options{RuleTimeout: time.Millisecond, Only: []string{"put-get"}}
	check := func(o conformance.Options, addr string) conformance.Result {
		report := conformance.Check(context.Background(), addr, o)
		require.Equal(t, 1, report.Total())
		return report.Results[0]
	}
	busy := func(tries *int) func(int) bool {
		return func(try int) bool { *tries = try; return true }
	}
	t.Run("never enough time", func(t *testing.T) {
		addr, _ := mute(t)
		tries := 0
		r := check(conformance.OnMachine(o, busy(&tries)), addr)
		assert.Equal(t, 2, tries)
		assert.False(t, r.Passed())
		assert.False(t, r.Failed())
		assert.True(t, r.NotJudged)
		assert.Contains(t, r.Reason, "the checker waited for a core for 50 % of the time; ")
		assert.Contains(t, r.Reason, "the time for a rule is 3ms")
	})
	t.Run("enough the second time", func(t *testing.T) {
		addr, speak := mute(t)
		o := o
		o.RuleTimeout = 100 * time.Millisecond
		tries := 0
		r := check(conformance.OnMachine(o, func(try int) bool {
			speak()
			tries = try
			return true
		}), addr)
		assert.Equal(t, 2, tries)
		assert.False(t, r.Failed(), r.Reason)
	})
	t.Run("an idle machine", func(t *testing.T) {
		addr, _ := mute(t)
		tries := 0
		r := check(conformance.OnMachine(o, func(try int) bool { tries = try; return false }), addr)
		assert.Equal(t, 1, tries)
		assert.True(t, r.Failed())
		assert.Contains(t, r.Reason, "the time for a rule is 1ms")
	})
	t.Run("a wrong reply", func(t *testing.T) {
		o := o
		o.RuleTimeout = time.Minute
		tries := 0
		r := check(conformance.OnMachine(o, busy(&tries)), (&plainServer{flaw: "answers a get with its own kind"}).start(t))
		assert.Equal(t, 1, tries)
		assert.True(t, r.Failed(), "it is wrong on a busy machine, too")
	})
}

// A server closes an idle connection on time, however busy the machine is. If the
// checker could not use the connection for about as long, that close is no fault.
func TestACheckerThatStoodStillAccusesNoTimeout(t *testing.T) {
	o := conformance.Options{Only: []string{"silent-client"}, IdleTimeout: short}
	addr := (&plainServer{flaw: "leaves after a reply"}).start(t)
	report := conformance.Check(context.Background(), addr, conformance.StoodStill(o, short))
	require.Len(t, report.NotJudged(), 1)
	assert.Contains(t, report.NotJudged()[0].Reason, "the checker stood still for 100ms")
	report = conformance.Check(context.Background(), addr, conformance.StoodStill(o, 0))
	assert.Len(t, report.Failed(), 1)
	// A wrong reply cannot come from a timeout.
	addr = (&plainServer{flaw: "answers a get with its own kind"}).start(t)
	report = conformance.Check(context.Background(), addr, conformance.StoodStill(o, short))
	assert.Len(t, report.Failed(), 1)
}

func TestRules(t *testing.T) {
	seen := make(map[string]bool)
	for _, r := range conformance.Rules() {
		assert.False(t, seen[r.ID], "two rules are called %s", r.ID)
		seen[r.ID] = true
		assert.NotEmpty(t, r.Title)
	}
	selected := conformance.Select(conformance.Options{Only: []string{"put-get", "idle-timeout"}})
	require.Len(t, selected, 1, "the idle timeout is not known")
	assert.Equal(t, "put-get", selected[0].ID)
}

// Every fault of the catalogue that shows from outside, through connections
// alone, has a rule. The other faults need control of the process, the machine
// or the network.
func TestFaults(t *testing.T) {
	tested := make(map[int]bool)
	for _, r := range conformance.Rules() {
		tested[r.Fault] = true
	}
	for _, rows := range [][2]int{{1, 18}, {20, 27}, {29, 29}, {32, 32}, {42, 42}} {
		for row := rows[0]; row <= rows[1]; row++ {
			assert.True(t, tested[row], "no rule tests the fault %d", row)
		}
	}
}

func TestResultAsJSON(t *testing.T) {
	r := conformance.Result{Rule: conformance.Rule{ID: "x", Title: "y", Fault: 3}, Reason: "z", Duration: time.Second / 2}
	data, err := json.Marshal(r)
	require.NoError(t, err)
	assert.JSONEq(t, `{"id": "x", "title": "y", "fault": 3, "passed": false, "reason": "z", "seconds": 0.5}`, string(data))

	r.NotJudged = true
	data, err = json.Marshal(r)
	require.NoError(t, err)
	assert.JSONEq(t, `{"id": "x", "title": "y", "fault": 3, "passed": false, "not_judged": true, "reason": "z", "seconds": 0.5}`, string(data))
}

// The golden frames are also those of this project: both codecs make these
// bytes, and read them.
func TestGoldenFrames(t *testing.T) {
	for _, golden := range conformance.GoldenFrames() {
		t.Run(golden.Name, func(t *testing.T) {
			body, n, err := frame.Next(golden.Bytes(), 1<<20)
			require.NoError(t, err)
			require.Equal(t, len(golden.Bytes()), n)
			m, err := kv.Parse(body)
			require.NoError(t, err)
			assert.Equal(t, golden.Key, string(m.Key))
			assert.Equal(t, golden.Value, string(m.Value))
			assert.Equal(t, golden.Kind, m.Kind)
			assert.EqualValues(t, golden.Status, m.Status)

			assert.Equal(t, golden.Bytes(), kv.AppendFrame(nil, m))
			encoded, err := proto.Marshal(&kvpb.KeyValueMessage{Key: golden.Key, Value: golden.Value, Kind: golden.Kind, Status: kvpb.Status(golden.Status)})
			require.NoError(t, err)
			assert.Equal(t, body, encoded)
		})
	}
}
