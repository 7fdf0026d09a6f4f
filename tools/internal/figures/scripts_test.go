//go:build unix

package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// script runs one of the repository's scripts, and returns its output and
// exit code.
func script(t *testing.T, env []string, command ...string) (said string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "../../../scripts/"+command[0], command[1:]...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	require.NotNil(t, cmd.ProcessState, "%v", err)
	return string(out), cmd.ProcessState.ExitCode()
}

// Once ".*" counted as a module with nothing to release, and the exit code
// was 0.
func TestModulesToReleaseAreNamed(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip(err)
	}
	for _, module := range []string{".*", "commo.", "common tools", "examples", "", "--", "-v"} {
		said, code := script(t, nil, "release.sh", "--dry-run", "v0.1.0", module)
		assert.NotZero(t, code, "%q: %s", module, said)
		assert.Contains(t, said, "no module "+module+" in go.work", "%q", module)
	}
}

// The scripts install packages only in CI, never on a developer's machine.
func TestPackagesAreInstalledInCIAlone(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"bash", "dirname", "go", "sed", "grep"} {
		program, err := exec.LookPath(name)
		if err != nil {
			t.Skip(err)
		}
		require.NoError(t, os.Symlink(program, filepath.Join(dir, name)))
	}
	called := filepath.Join(t.TempDir(), "called")
	for name, text := range map[string]string{
		"id":      "echo 0",
		"apt-get": "echo \"$*\" >>" + called + "; exit 1",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("#!"+filepath.Join(dir, "bash")+"\n"+text+"\n"), 0o777))
	}
	env := []string{"PATH=" + dir, "CC=no-such-compiler", "GOOS=linux"}
	for _, name := range []string{"race.sh", "browser.sh"} {
		said, _ := script(t, append(env, "CI="), name)
		assert.NoFileExists(t, called, "%s: %s", name, said)
		said, _ = script(t, append(env, "CI=true"), name)
		assert.FileExists(t, called, "%s: %s", name, said)
		_ = os.Remove(called)
	}

	scripts, err := filepath.Glob("../../../scripts/*.sh")
	require.NoError(t, err)
	for _, name := range scripts {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		if filepath.Base(name) != "lib.sh" {
			assert.False(t, strings.Contains(string(text), "DEBIAN_FRONTEND"), "%s: apt_install installs packages", name)
		}
	}
}
