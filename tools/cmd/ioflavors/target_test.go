package main

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Where results cannot go, nothing is measured: no server hears of it.
func TestTargetsAreTriedFirst(t *testing.T) {
	t.Chdir(t.TempDir())
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	accepted := make(chan bool, 1)
	go func() {
		_, err := ln.Accept()
		accepted <- err == nil
	}()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	below := filepath.Join(file, "below") // no directory can be there
	addr := ln.Addr().String()
	for _, args := range [][]string{
		{"load", addr, "--hdr", below},
		{"load", addr, "--hdr", t.TempDir()},
		{"lab", "--only", "closed", "--models", "singleblocking", "--server", "mine=no-such-server {addr}", "--out", below},
		{"advise", "--out", below},
	} {
		code, stdout, stderr := ioflavors(t, args...)
		assert.Equal(t, 1, code, "%v", args)
		assert.Empty(t, stdout, "%v: nothing was measured", args)
		assert.Regexp(t, `^ioflavors: (mkdir|open|stat) [^\n]+\n$`, stderr, "%v: no progress either", args)
	}
	require.NoError(t, ln.Close())
	assert.False(t, <-accepted)
}

// What a file had in it stays if there is nothing to put there instead, and a
// new one goes.
func TestATargetWithoutAResult(t *testing.T) {
	old, fresh := filepath.Join(t.TempDir(), "old"), filepath.Join(t.TempDir(), "fresh")
	require.NoError(t, os.WriteFile(old, []byte("an hour's work"), 0o600))
	for _, name := range []string{old, fresh} {
		code, _, _ := ioflavors(t, "load", nobody(t), "--hdr", name)
		assert.Equal(t, 1, code)
	}
	text, err := os.ReadFile(old)
	require.NoError(t, err)
	assert.Equal(t, "an hour's work", string(text))
	assert.NoFileExists(t, fresh)
}

// A target that fails at the end takes nothing from what is printed.
func TestFiguresArePrintedRegardless(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip(err)
	}
	code, stdout, stderr := ioflavors(t, "load", startModel(t), "-d", "100ms", "--warmup", "10ms", "--hdr", "/dev/full")
	assert.Equal(t, 1, code)
	assert.Contains(t, stdout, "response time")
	assert.Contains(t, stderr, "no space left on device")
}

// A target that is longer than what replaces it is cut.
func TestATargetIsReplaced(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(name, make([]byte, 1<<20), 0o600))
	code, _, stderr := ioflavors(t, "load", startModel(t), "-d", "100ms", "--warmup", "10ms", "--hdr", name)
	assert.Contains(t, []int{0, 3}, code, stderr)
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "\x00")
	assert.Contains(t, string(text), "Percentile")
}
