//go:build unix

package results

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// Once report waited for a pipe without a writer that stood in the place of the
// results, and no signal ended it.
func TestReadDoesNotWaitForAPipe(t *testing.T) {
	name := filepath.Join(t.TempDir(), FileName)
	require.NoError(t, unix.Mkfifo(name, 0o600))
	_, err := Read(t.Context(), name)
	require.ErrorContains(t, err, "not the results of a lab run")
}
