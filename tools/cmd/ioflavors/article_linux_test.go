package main

import (
	"encoding/json"
	"maps"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/conformance"
)

// The ways in which the tutorial's server breaks a rule.
const (
	dies   = `^the server ended: exit status \d; its last words: .*(out of memory: a frame of \d+ bytes|panic: .*); .*expected`
	silent = `^sent .*; expected .*; got nothing until the time was up`
	wrong  = `^sent .*; expected .*; got a reply`
)

// articleFails are the rules that the tutorial's server breaks, and the way.
var articleFails = map[string]string{
	"golden-frames":     dies, // one golden frame has the footer in its value
	"overwrite":         dies, // by a value that takes more than one read
	"sizes":             dies,
	"footer-in-value":   dies,
	"frame-in-value":    dies,
	"kept-copy":         dies,
	"deep-groups":       dies,
	"bad-protobuf":      dies,
	"bad-text-in-key":   dies,
	"bad-text-in-value": dies,
	"unknown-kind":      silent,
	"empty-body":        silent,
	"error-in-pipeline": dies,
	"cut-anywhere":      dies,
	"cut-large":         dies,
	"pipeline":          dies,
	"pipeline-sizes":    dies,
	"large-replies":     dies,
	"small-window":      dies,
	"half-close":        silent,
	"half-close-large":  dies,
	"length-too-small":  silent,
	"length-too-large":  silent,
	"largest-frame":     dies,
	"http":              dies,
	"tls":               silent,
	"garbage-behind":    dies,
	"wrong-footer":      silent,
	"good-before-bad":   silent,
	"nothing-after-bad": wrong,
	"fin-in-frame":      silent,
	"rst-in-reply":      dies,
	"stopped-in-frame":  dies,
	"stopped-reading":   dies,
	"never-pauses":      dies,
	"claims":            dies,
}

// articlePasses are the rules that the tutorial's server keeps: a client that sends
// small, correct frames one by one notices no fault.
var articlePasses = []string{
	"put-get", "put-reply", "get-absent", "empty-key", "empty-value", "multi-byte-text",
	"field-order", "repeated-field", "unknown-fields",
	"put-then-close", "rst-in-frame", "come-and-go",
	"crowd", "no-crossed-replies", "no-stale-reads", "storm",
}

// Whether the tutorial's server passes this rule depends on the machine: a late
// server finds the bytes together.
var articleMayPass = []string{"byte-by-byte"}

// articleBreaks returns the rules that the tutorial's server breaks in these ways.
func articleBreaks(ways ...string) (rules []string) {
	for id, how := range articleFails {
		if slices.Contains(ways, how) {
			rules = append(rules, id)
		}
	}
	return rules
}

// The check reports all faults of a server like that of a short tutorial,
// even if it dies of most of them.
func TestCheckTutorialServer(t *testing.T) {
	server := t.TempDir() + "/articleserver"
	out, err := exec.Command("go", "build", "-buildvcs=false", "-o", server, "./testdata/articleserver").CombinedOutput()
	require.NoError(t, err, "%s", out)
	check := func(rules []string, flags ...string) (code int, stdout, stderr string) {
		args := append([]string{"check", "--only", strings.Join(rules, ",")}, flags...)
		return ioflavors(t, append(args, "--", server, "-host", "127.0.0.1", "{addr}")...)
	}
	byID := make(map[string]conformance.Rule)
	for _, r := range conformance.Select(conformance.Options{}) {
		byID[r.ID] = r
	}
	fails := slices.Collect(maps.Keys(articleFails))
	require.ElementsMatch(t, slices.Collect(maps.Keys(byID)), slices.Concat(fails, articlePasses, articleMayPass),
		"every rule is in one of the lists")

	text := func(t *testing.T, rules []string, flags ...string) {
		code, stdout, _ := check(rules, flags...)
		// On a busy machine a rule that hangs is not judged.
		assert.Contains(t, []int{1, exitNotJudged}, code)
		lines := strings.Split(strings.TrimSpace(stdout), "\n")
		require.Len(t, lines, 1+2*len(rules)+1, stdout)
		assert.Regexp(t, `^0 of `+strconv.Itoa(len(rules))+` rules passed`, lines[len(lines)-1])
		var seen []string
		for i := 1; i < len(lines)-1; i += 2 {
			id := strings.Fields(lines[i])[1]
			fault := ""
			if byID[id].Fault != 0 {
				fault = strconv.Itoa(byID[id].Fault)
			}
			assert.Regexp(t, `^(FAIL|–   )  `+id+` +`+fault+`  `+regexp.QuoteMeta(byID[id].Title)+`$`, lines[i])
			reason := strings.TrimSpace(lines[i+1])
			if strings.HasPrefix(reason, "not judged: ") {
				_, reason, _ = strings.Cut(reason, "; ")
			}
			assert.Regexp(t, articleFails[id], reason, id)
			seen = append(seen, id)
		}
		assert.ElementsMatch(t, rules, seen)
	}
	// Rules that hang need only a short timeout; rules that kill the server may
	// take long.
	t.Run("what it never answers", func(t *testing.T) { text(t, articleBreaks(silent), "--timeout", "500ms") })
	t.Run("what it dies of, and the rest", func(t *testing.T) { text(t, articleBreaks(dies, wrong)) })

	// The passing rules come after the rules that kill the server.
	t.Run("what passes, among others", func(t *testing.T) {
		deadly := articleBreaks(dies)
		rules := append(slices.Clone(articlePasses), deadly...)
		code, stdout, stderr := check(rules, "--json")
		assert.Equal(t, 1, code)
		assert.Empty(t, stderr)
		var report struct {
			Passed, Total, Restarts int
			Results                 []struct {
				ID, Title, Reason string
				Fault             int
				Passed            bool
			}
			NotRun []string `json:"not_run"`
		}
		require.NoError(t, json.Unmarshal([]byte(stdout), &report), stdout)
		assert.Equal(t, len(articlePasses), report.Passed)
		assert.Equal(t, len(rules), report.Total)
		assert.Equal(t, len(conformance.Rules()), report.Total+len(report.NotRun))
		var passed []string
		for _, r := range report.Results {
			assert.Equal(t, byID[r.ID].Fault, r.Fault, r.ID)
			assert.Equal(t, byID[r.ID].Title, r.Title)
			if r.Passed {
				passed = append(passed, r.ID)
				assert.Empty(t, r.Reason, r.ID)
			} else {
				assert.Regexp(t, articleFails[r.ID], r.Reason, r.ID)
			}
		}
		assert.ElementsMatch(t, articlePasses, passed)
		// The server is started again after each rule that kills it, because another
		// rule follows the last of them.
		assert.Len(t, deadly, report.Restarts)
	})
}
