package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const asProgram = "FIGURES_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

func figures(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	cmd.Stdin = strings.NewReader(`{"Action":"attr","Package":"p","Test":"TestX","Key":"n","Value":"1"}`)
	return cmd
}

// The page is written even if the output has no reader, and a lost output is an
// error.
func TestLostOutput(t *testing.T) {
	gone, w, err := os.Pipe()
	require.NoError(t, err)
	require.NoError(t, gone.Close())
	defer w.Close()
	outputs := []*os.File{w}
	if full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0); err == nil {
		defer full.Close()
		outputs = append(outputs, full)
	}
	for _, out := range outputs {
		file := filepath.Join(t.TempDir(), "page.md")
		require.NoError(t, os.WriteFile(file, []byte(beginMark+endMark), 0o600))
		cmd := figures(t, "-w", file)
		cmd.Stdout = out
		_ = cmd.Run()
		assert.Equal(t, 1, cmd.ProcessState.ExitCode(), "%v", cmd.ProcessState)
		assert.Contains(t, content(t, file), "p TestX")
	}
}

// The error about a page that cannot be written comes before the tests run.
func TestThePageIsTriedFirst(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.md")
	for range 2 {
		never, w := io.Pipe() // the tests' results
		var stdout, stderr bytes.Buffer
		assert.Error(t, run(never, &stdout, &stderr, file))
		assert.NoError(t, w.Close())
		require.NoError(t, os.WriteFile(file, []byte("a page without marks\n"), 0o600))
	}
}
