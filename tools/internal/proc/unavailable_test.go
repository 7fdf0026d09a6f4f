//go:build unix

package proc

import (
	"errors"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The exit code decides, not the output; the output is quoted as the reason.
func TestUnavailable(t *testing.T) {
	ended := func(script string) error { return exec.CommandContext(t.Context(), "sh", "-c", script).Run() }
	for said, want := range map[string]string{
		"listening\nkv-x: not available here: too old: 5.4\n": "too old: 5.4",
		"kv-x: not available here: a\nmore\n":                 "a",
		"first\nlast\n":                                       "last",
		"":                                                    "it does not say why",
	} {
		why, yes := Unavailable(ended("exit 3"), said)
		assert.True(t, yes)
		assert.Equal(t, want, why)
	}
	for _, script := range []string{"exit 1", "exit 0", "kill -9 $$"} {
		_, yes := Unavailable(ended(script), "not available here: it lies")
		assert.False(t, yes, script)
	}
}

// A command line that is wrong is told from a panic, which has the same exit code. All
// that the server said stays in the error.
func TestServersThatRefuseTheirCommandLine(t *testing.T) {
	ended := func(script string) error { return exec.CommandContext(t.Context(), "sh", "-c", script).Run() }
	all := errors.New("it ended")
	for said, want := range map[string]string{
		"mine: no model of that name\nusage: mine\n": "mine: no model of that name",
		"": "it does not say why",
	} {
		var refused *UsageError
		err := asUsage(ended("exit 2"), all, said)
		require.ErrorAs(t, err, &refused)
		assert.Equal(t, want, refused.Reason)
		assert.ErrorIs(t, err, all)
		assert.Equal(t, all.Error(), err.Error())
	}
	assert.Equal(t, all, asUsage(ended("exit 2"), all, "panic: oh\n\ngoroutine 1 [running]:\nmain.main()\n"))
	assert.Equal(t, all, asUsage(ended("exit 1"), all, "mine: no model of that name"))
	assert.Equal(t, all, asUsage(nil, all, ""))
}
