package main

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// If results cannot be written, nothing is measured: no server gets a
// connection.
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
	below := filepath.Join(file, "below") // no directory can exist there
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

// Without a result, an old file keeps its contents, and a new one is removed.
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

// The figures are printed even if writing the target fails at the end.
func TestFiguresArePrintedRegardless(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip(err)
	}
	code, stdout, stderr := ioflavors(t, "load", startModel(t), "-d", "100ms", "--warmup", "10ms", "--hdr", "/dev/full")
	assert.Equal(t, 1, code)
	assert.Contains(t, stdout, "response time")
	assert.Contains(t, stderr, "no space left on device")
}

// A target that is longer than its new contents is truncated.
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
