//go:build unix

package folder

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// Once compare and report waited for a silent pipe, and no signal ended them.
func TestReadFileOfASilentPipeEndsWithTheContext(t *testing.T) {
	name := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, unix.Mkfifo(name, 0o600))
	writer, err := os.OpenFile(name, os.O_RDWR, 0)
	require.NoError(t, err)
	defer writer.Close()

	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := ReadFile(ctx, name, 1<<20)
		ended <- err
	}()
	cancel()
	assert.ErrorIs(t, <-ended, context.Canceled)
}

func TestReadFileHasALimit(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(name, make([]byte, 2<<20), 0o600))
	text, err := ReadFile(t.Context(), name, 2<<20)
	require.NoError(t, err)
	assert.Len(t, text, 2<<20)

	for _, name := range []string{name, "/dev/zero"} { // a device has no size
		var tooLong *TooLongError
		_, err = ReadFile(t.Context(), name, 1<<20)
		require.ErrorAs(t, err, &tooLong)
		assert.EqualError(t, tooLong, "it has more than 1 MiB")
	}
}
