package kvcmd

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestThePasswordComesFromAFileOfItsOwner(t *testing.T) {
	path := filepath.Join(t.TempDir(), "password")
	write := func(content string, mode os.FileMode) {
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		require.NoError(t, os.Chmod(path, mode))
	}
	for content, want := range map[string]string{"secret\n": "secret", "secret": "secret", "a b \r\n": "a b ", strings.Repeat("x", maxPassword) + "\r\n": strings.Repeat("x", maxPassword)} {
		write(content, 0o600)
		password, err := ReadPassword(path)
		require.NoError(t, err)
		assert.Equal(t, want, password)
	}
	for content, want := range map[string]string{"": "is empty", "\n": "is empty", "secret\nsecret\n": "more than one line", strings.Repeat("secret", 1000): "longer than 1024 bytes"} {
		write(content, 0o600)
		_, err := ReadPassword(path)
		require.ErrorContains(t, err, want)
		assert.NotContains(t, err.Error(), "secret")
	}
	if runtime.GOOS != "windows" {
		for _, mode := range []os.FileMode{0o640, 0o604, 0o620} {
			write("secret", mode)
			_, err := ReadPassword(path)
			assert.ErrorContains(t, err, "chmod 600")
		}
	}
	_, err := ReadPassword(filepath.Dir(path))
	assert.ErrorContains(t, err, "no regular file")
	_, err = ReadPassword(path + ".none")
	assert.ErrorIs(t, err, os.ErrNotExist)
}
