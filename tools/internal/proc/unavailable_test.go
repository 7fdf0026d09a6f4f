//go:build unix

package proc

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
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
