package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPutGet(t *testing.T) {
	addr := startModel(t)
	code, stdout, stderr := ioflavors(t, "put", "DiskType", "NVMe SSD", "--addr", addr)
	assert.Zero(t, code, stderr)
	assert.Empty(t, stdout)
	code, stdout, stderr = ioflavors(t, "get", "DiskType", "--addr", addr)
	assert.Zero(t, code, stderr)
	assert.Equal(t, "NVMe SSD\n", stdout)
}

func TestPutStandardInput(t *testing.T) {
	addr := startModel(t)
	input(t, "two\nlines")
	code, _, stderr := ioflavors(t, "put", "k", "-", "--addr", addr)
	assert.Zero(t, code, stderr)
	_, stdout, _ := ioflavors(t, "get", "k", "--addr", addr)
	assert.Equal(t, "two\nlines\n", stdout)

	input(t, "not text: \xff")
	code, _, stderr = ioflavors(t, "put", "k", "-", "--addr", addr)
	assert.Equal(t, 1, code)
	assert.Contains(t, stderr, "value is not valid UTF-8")
}

// input makes text the standard input until the test ends.
func input(t *testing.T, text string) {
	name := filepath.Join(t.TempDir(), "input")
	require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	f, err := os.Open(name)
	require.NoError(t, err)
	stdin := os.Stdin
	os.Stdin = f
	t.Cleanup(func() {
		os.Stdin = stdin
		f.Close()
	})
}

func TestClientFails(t *testing.T) {
	addr := startModel(t)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer silent.Close()
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"absent":      {[]string{"get", "no such key", "--addr", addr}, `no value under "no such key"`},
		"no server":   {[]string{"get", "k", "--addr", nobody(t)}, "no server listens at 127.0.0.1:"},
		"no answer":   {[]string{"get", "k", "--addr", silent.Addr().String(), "--timeout", "20ms"}, "no answer from 127.0.0.1:"},
		"large value": {[]string{"put", "k", strings.Repeat("v", 1<<20), "--addr", addr}, "request too large"},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := ioflavors(t, test.args...)
			assert.Equal(t, 1, code)
			assert.Contains(t, stderr, test.want)
			assert.Equal(t, 1, strings.Count(stderr, "\n"), "one line: %s", stderr)
			assert.Empty(t, stdout)
		})
	}
}
