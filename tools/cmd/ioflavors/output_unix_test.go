//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// program is the command as a process of its own, because SIGPIPE would end this
// one.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	return cmd
}

// abandoned is a pipe without a reader.
func abandoned(t *testing.T) *os.File {
	t.Helper()
	r, w, err := os.Pipe()
	require.NoError(t, err)
	require.NoError(t, r.Close())
	t.Cleanup(func() { _ = w.Close() })
	return w
}

// printing are commands that print a result, each in its own way.
func printing(t *testing.T) [][]string {
	addr := startModel(t)
	results, err := (&results.Results{Schema: results.Schema}).Write(t.TempDir())
	require.NoError(t, err)
	code, _, stderr := ioflavors(t, "put", "k", "v", "--addr", addr)
	require.Zero(t, code, stderr)
	return [][]string{
		{"--help"},
		{"lab", "--help"},
		{"check", "--list"},
		{"check", "--list", "--json"},
		{"check", "--only", "put-get", addr},
		{"check", "--only", "put-get", "--json", addr},
		{"get", "k", "--addr", addr},
		{"load", addr, "-d", "100ms", "--warmup", "10ms"},
		{"load", addr, "-d", "100ms", "--warmup", "10ms", "--json"},
		{"report", results},
		{"compare", runOf(t, 1000), runOf(t, 1200)},
		{"compare", "--json", runOf(t, 1000), runOf(t, 1200)},
	}
}

// A command whose result was lost must not succeed.
func TestAFullOutputIsAnError(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	for _, args := range printing(t) {
		var stderr bytes.Buffer
		cmd := program(t, args...)
		cmd.Stdout, cmd.Stderr = full, &stderr
		_ = cmd.Run()
		assert.Equal(t, 1, cmd.ProcessState.ExitCode(), "%v: %s", args, stderr.String())
		assert.Equal(t, "ioflavors: write /dev/stdout: no space left on device\n", withoutVoid(&stderr), "%v", args)
	}
}

// The command prints no error about a reader that leaves early, as head does,
// and no signal ends the command.
func TestAReaderThatLeavesEndsNothing(t *testing.T) {
	for _, args := range printing(t) {
		var stderr bytes.Buffer
		cmd := program(t, args...)
		cmd.Stdout, cmd.Stderr = abandoned(t), &stderr
		_ = cmd.Run()
		assert.Equal(t, 1, cmd.ProcessState.ExitCode(), "%v: %v", args, cmd.ProcessState)
		assert.Empty(t, withoutVoid(&stderr), "%v", args)
	}
}

// withoutVoid removes the message about a void run, which a busy machine may
// cause.
func withoutVoid(stderr *bytes.Buffer) string {
	return strings.Replace(stderr.String(), "ioflavors: the run is void, and says why above\n", "", 1)
}

// A run of the lab writes its files even if its output, both results and
// progress, has no reader.
func TestTheLabOutlivesItsReaders(t *testing.T) {
	dir := t.TempDir()
	cmd := program(t, "lab", "--only", "closed,singleblocking", "--shape", "1x1", "--rounds", "1", "--duration", "50ms", "--keys", "10", "--out", dir)
	cmd.Stdout, cmd.Stderr = abandoned(t), abandoned(t)
	_ = cmd.Run()
	assert.Equal(t, 1, cmd.ProcessState.ExitCode(), "%v", cmd.ProcessState)
	text, err := os.ReadFile(filepath.Join(dir, results.FileName))
	require.NoError(t, err)
	var results results.Results
	require.NoError(t, json.Unmarshal(text, &results))
	assert.True(t, results.Complete)
	assert.FileExists(t, filepath.Join(dir, "report.html"))
}

// Ctrl-C also ends a command that has not begun to measure: here the server
// accepts the connection and never answers.
func TestInterruptedBeforeTheMeasurement(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer silent.Close()
	addr := silent.Addr().String()
	for _, args := range [][]string{
		{"load", addr, "--reply-timeout", "1m"},
		{"get", "k", "--addr", addr, "--timeout", "1h"},
		{"put", "k", "v", "--addr", addr, "--timeout", "1h"},
	} {
		var stderr bytes.Buffer
		cmd := program(t, args...)
		cmd.Stderr = &stderr
		require.NoError(t, cmd.Start())
		conn, err := silent.Accept()
		require.NoError(t, err)
		_, err = conn.Read(make([]byte, 1)) // the command waits for an answer
		require.NoError(t, err)
		require.NoError(t, cmd.Process.Signal(os.Interrupt))
		_ = cmd.Wait()
		assert.NoError(t, conn.Close())
		assert.Equal(t, 130, cmd.ProcessState.ExitCode(), "%v: %s", args, stderr.String())
		assert.Contains(t, stderr.String(), "ioflavors: interrupted", "%v", args)
	}
}

// The value may come from a pipe that stays silent for ever.
func TestInterruptedWhileReadingStandardInput(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	defer w.Close()
	cmd := program(t, "put", "k", "-", "--addr", nobody(t))
	cmd.Stdin = r
	require.NoError(t, cmd.Start())
	// The command has read the contents of the pipe, so it waits for the rest.
	_, err = w.WriteString("beginning")
	require.NoError(t, err)
	require.Eventually(t, func() bool { return empty(r) }, time.Minute, time.Millisecond)
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	_ = cmd.Wait()
	assert.Equal(t, 130, cmd.ProcessState.ExitCode())
}

// empty reports whether a pipe has nothing to read.
func empty(pipe *os.File) bool {
	fds := []unix.PollFd{{Fd: int32(pipe.Fd()), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, 0)
	return err == nil && n == 0
}
