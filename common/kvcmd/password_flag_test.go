package kvcmd_test

import (
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/kvcmd"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servercmd"
)

// redisWith makes the protocol with a value of --password-file.
func redisWith(t *testing.T, path string) (servercmd.Guarded, error) {
	t.Helper()
	fs := flag.NewFlagSet("", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	redis := kvcmd.Program("", server.Command{}, nil).Protocols[1]
	require.Equal(t, "resp", redis.Name)
	open := redis.Flags(fs)
	if err := fs.Parse([]string{"--password-file", path}); err != nil {
		return nil, err
	}
	p, err := open()
	if err != nil {
		return nil, err
	}
	return p.(servercmd.Guarded), nil
}

// TestNoPathIsNoPasswordFile: --password-file "$UNSET" started a server without a
// password.
func TestNoPathIsNoPasswordFile(t *testing.T) {
	_, err := redisWith(t, "")
	assert.ErrorContains(t, err, "want a path")
}

func TestAPasswordFileHasOneLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "password")
	for content, want := range map[string]string{
		"secret": "", "secret\n": "", "secret\r\n": "", " \n": "",
		"": "is empty", "\r\n": "is empty", "a\nb\n": "more than one line", "a\n\n": "more than one line",
		strings.Repeat("a", 1024) + "\r\n": "", strings.Repeat("a", 1025): "longer than 1024 bytes",
	} {
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		p, err := redisWith(t, path)
		if want == "" {
			require.NoError(t, err, "%.20q", content)
			assert.True(t, p.RequiresPassword())
			continue
		}
		assert.ErrorContains(t, err, want, "%.20q", content)
		assert.NotContains(t, err.Error(), "aaaa")
	}
	_, err := redisWith(t, t.TempDir())
	assert.ErrorContains(t, err, "no regular file")
}
