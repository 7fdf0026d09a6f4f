package conformance_test

import (
	"context"
	"encoding/json"
	"net"
	"strings"
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

// short is a timeout for servers that should be seen to have one.
const short = 100 * time.Millisecond

// A server written from the protocol's description alone passes: the rules ask
// for nothing that only this project's servers do.
func TestGoodServer(t *testing.T) {
	report := conformance.Check(context.Background(), (&plainServer{}).start(t), conformance.Options{})
	for _, f := range report.Failed() {
		t.Errorf("%s: %s", f.ID, f.Reason)
	}
	assert.Equal(t, report.Total(), report.Passed())
	assert.Len(t, report.NotRun, 2, "the rules about timeouts that are not known")

	impatient := &plainServer{idleTimeout: short, frameTimeout: short}
	report = conformance.Check(context.Background(), impatient.start(t), conformance.Options{
		IdleTimeout:  short,
		FrameTimeout: short,
		Only:         []string{"idle-timeout", "frame-timeout"},
	})
	assert.Empty(t, report.Failed())
	assert.Equal(t, 2, report.Passed())
}

// Each rule finds a server that breaks it.
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
		"drops what is pending at a FIN":           {"half-close", "half-close-large"},
		"echoes what was put":                      {"put-reply", "golden-frames"},
		"finds everything":                         {"get-absent", "frame-in-value"},
		"forgets the kind":                         {"unknown-kind"},
		"gives each byte of a frame more time":     {"frame-timeout"},
		"gives no reasons":                         {"unknown-kind", "empty-body"},
		"gives reasons as keys":                    {"unknown-kind"},
		"goes on behind a bad frame":               {"nothing-after-bad"},
		"keeps a value where the next one is read": {"kept-copy"},
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
		"serves one client at a time":              {"stopped-in-frame", "stopped-reading", "never-pauses", "crowd"},
		"takes a read for a frame":                 {"cut-anywhere", "byte-by-byte", "cut-large", "sizes", "pipeline"},
		"takes any bytes for text":                 {"bad-text-in-key", "bad-text-in-value"},
		"takes one byte too many":                  {"length-too-large"},
		"waits for what a length promises":         {"length-too-large", "http", "tls"},
		"writes half of a large reply":             {"large-replies", "small-window", "sizes"},
	} {
		t.Run(flaw, func(t *testing.T) {
			t.Parallel()
			o := conformance.Options{Only: rules, RuleTimeout: 5 * short} // what hangs, hangs
			s := &plainServer{flaw: flaw}
			if strings.Contains(rules[0], "timeout") {
				s.idleTimeout, s.frameTimeout = short, short
				o.IdleTimeout, o.FrameTimeout = short, short
			}
			for _, r := range conformance.Check(context.Background(), s.start(t), o).Results {
				if assert.False(t, r.Passed(), "%s should fail", r.ID) {
					t.Log(r.ID+":", r.Reason)
					found(r.ID)
				}
			}
		})
	}
}

// A server with one client at a time passes, if that is known about it.
func TestOneAtATime(t *testing.T) {
	report := conformance.Check(context.Background(), (&plainServer{flaw: "serves one client at a time"}).start(t), conformance.Options{OneAtATime: true})
	for _, f := range report.Failed() {
		t.Errorf("%s: %s", f.ID, f.Reason)
	}
	assert.Len(t, report.NotRun, 2, "the rules about timeouts that are not known")
}

func TestNobodyListens(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ln.Close()
	report := conformance.Check(context.Background(), ln.Addr().String(), conformance.Options{})
	assert.Zero(t, report.Passed())
	assert.Contains(t, report.Failed()[0].Reason, "refused")
}

// Whoever interrupts a check must not take the report for a good one.
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
	assert.Equal(t, len(conformance.Rules())-2, report.Total())
	assert.Contains(t, report.Failed()[0].Reason, "interrupted")
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

func TestResultAsJSON(t *testing.T) {
	r := conformance.Result{Rule: conformance.Rule{ID: "x", Title: "y", Fault: 3}, Reason: "z", Duration: time.Second / 2}
	data, err := json.Marshal(r)
	require.NoError(t, err)
	assert.JSONEq(t, `{"id": "x", "title": "y", "fault": 3, "passed": false, "reason": "z", "seconds": 0.5}`, string(data))
}

// The golden frames are the project's too: both codecs make these bytes, and
// read them.
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

			out, mark := frame.Begin(nil)
			assert.Equal(t, golden.Bytes(), frame.End(kv.AppendMessage(out, m), mark))
			encoded, err := proto.Marshal(&kvpb.KeyValueMessage{Key: golden.Key, Value: golden.Value, Kind: golden.Kind, Status: kvpb.Status(golden.Status)})
			require.NoError(t, err)
			assert.Equal(t, body, encoded)
		})
	}
}
