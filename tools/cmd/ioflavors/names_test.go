package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A name that is not known is answered with those that are, and with the one
// that was probably meant; a flag with the help that has it.
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

// A user's own server can be named as the models are; if none of them is, all
// come along.
func TestOwnServersAreSelected(t *testing.T) {
	servers := []string{"--server=mine=./mine {addr}", "--server=other=./other {addr}"}
	for models, want := range map[string][]string{
		"mine":                {"mine"},
		"mine,singleblocking": {"singleblocking", "mine"},
		"singleblocking":      {"singleblocking", "mine", "other"},
	} {
		cfg, err := labConfig(t, append(servers, "--models="+models)...)
		require.NoError(t, err)
		assert.Equal(t, want, subjectNames(cfg.Subjects), models)
	}
	cfg, err := labConfig(t, append(servers, "--only=other,closed")...)
	require.NoError(t, err)
	assert.Equal(t, []string{"other"}, subjectNames(cfg.Subjects))
}

// Help is shown as it is meant, whatever its renderer makes of quotes.
func TestHelpHasNoCurlyQuotes(t *testing.T) {
	for _, command := range []string{"lab", "advise", "report", "serve", "load", "check", "get", "put"} {
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
