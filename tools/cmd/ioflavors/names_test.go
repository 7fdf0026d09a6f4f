package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/models"
)

// The error for an unknown name lists the known names, and suggests the
// likely one. The error for an unknown flag names the help with the flags.
func TestUnknownNames(t *testing.T) {
	for _, test := range []struct {
		args []string
		want []string
	}{
		{[]string{"labb"}, []string{`did you mean "lab"?`, " --help lists the commands)"}},
		{[]string{"lab", "--colour"}, []string{"unknown flag --colour", " lab --help lists the flags)"}},
		{[]string{"lab", "--modles", "x"}, []string{`did you mean "--models"?`, " lab --help lists the flags)"}},
		{[]string{"lab", "--only", "E99"}, []string{"--only E99: ", "closed, open, ", "E0, E1, ", "E12", "eventloop --loops 2"}},
		{[]string{"lab", "--only", "sycalls"}, []string{`did you mean "syscalls"?`}},
		{[]string{"lab", "--only", "e12"}, []string{`did you mean "E12"?`}},
		{[]string{"lab", "--only", "evntloop"}, []string{`did you mean "eventloop"?`}},
		{[]string{"lab", "--models", "evntloop"}, []string{`--models: no model "evntloop"`, `did you mean "eventloop"?`}},
		{[]string{"lab", "--server", "mine=x {addr}", "--models", "mime"}, []string{`did you mean "mine"?`}},
		{[]string{"advise", "--models", "bussywait"}, []string{`did you mean "busywait"?`}},
		{[]string{"serve", "event-loop"}, []string{`no model "event-loop"`, `did you mean "eventloop"?`}},
		{[]string{"check", "--only", "put-gt", "127.0.0.1:1"}, []string{`no rule "put-gt"`, `did you mean "put-get"?`}},
	} {
		code, _, stderr := ioflavors(t, test.args...)
		assert.Equal(t, 2, code, "%v", test.args)
		for _, want := range test.want {
			assert.Contains(t, stderr, want, "%v", test.args)
		}
		assert.NotContains(t, stderr, "[", "%v: no slice of Go's: %s", test.args, stderr)
	}
}

// A user can select an own server by its name, like a model. If no own server
// is selected, all are included.
func TestOwnServersAreSelected(t *testing.T) {
	servers := []string{"--server=mine=./mine {addr}", "--server=other=./other {addr}"}
	for chosen, want := range map[string][]string{
		"mine":                {"mine"},
		"mine,singleblocking": {"singleblocking", "mine"},
		"singleblocking":      {"singleblocking", "mine", "other"},
	} {
		cfg, err := labConfig(t, append(servers, "--models="+chosen)...)
		require.NoError(t, err)
		assert.Equal(t, want, models.TargetNames(cfg.Targets), chosen)
	}
	cfg, err := labConfig(t, append(servers, "--only=other,closed")...)
	require.NoError(t, err)
	assert.Equal(t, []string{"other"}, models.TargetNames(cfg.Targets))
}

// Help is shown as it is written, whatever its renderer does with quotes.
func TestHelpHasNoCurlyQuotes(t *testing.T) {
	for _, command := range []string{"lab", "advise", "report", "compare", "serve", "load", "merge", "check", "get", "put"} {
		args := []string{command, "--help"}
		if command == "serve" {
			args = []string{command, "eventloop", "--help"}
		}
		code, stdout, stderr := ioflavors(t, args...)
		assert.Zero(t, code, "%v: %s", args, stderr)
		assert.NotRegexp(t, "[‘’“”]", stdout, command)
		assert.Contains(t, stdout, "--", command)
	}
}
