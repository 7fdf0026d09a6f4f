package folder

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/source"
)

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "file")
	for _, text := range []string{"first", "second, and longer", ""} {
		require.NoError(t, WriteFile(name, []byte(text)))
		assert.Equal(t, text, content(t, name))
	}
	write(t, dir, "as the umask gives", "")
	want, err := os.Stat(filepath.Join(dir, "as the umask gives"))
	require.NoError(t, err)
	got, err := os.Stat(name)
	require.NoError(t, err)
	assert.Equal(t, want.Mode(), got.Mode())

	require.NoError(t, os.Mkdir(filepath.Join(dir, "folder"), 0o777))
	require.ErrorContains(t, WriteFile(filepath.Join(dir, "folder"), nil), "folder: ")
	require.ErrorIs(t, WriteFile(filepath.Join(dir, "none", "file"), nil), os.ErrNotExist)
	require.NoError(t, TryWriting(dir))
	require.Error(t, TryWriting(filepath.Join(dir, "none")))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, entries, 3, "nothing else is left")
}

// WriteFile writes nothing to the file behind a link.
func TestWriteFileFollowsNoLink(t *testing.T) {
	dir := t.TempDir()
	secret, name := filepath.Join(dir, "secret"), filepath.Join(dir, "report.html")
	write(t, dir, "secret", "mine")
	if err := os.Symlink(secret, name); err != nil {
		t.Skip(err)
	}
	require.NoError(t, WriteFile(name, []byte("page")))
	assert.Equal(t, "mine", content(t, secret))
	assert.Equal(t, "page", content(t, name))
	info, err := os.Lstat(name)
	require.NoError(t, err)
	assert.True(t, info.Mode().IsRegular())
}

// Code that writes files in another way might write through another user's
// link.
func TestFilesAreWrittenHere(t *testing.T) {
	allowed := []string{
		"tools/internal/folder/write.go",
		"tools/internal/folder/folder.go",            // the link to the latest run
		"tools/cmd/ioflavors/target.go",              // a file, pipe or device that the user has named
		"common/servertest/proctest/system_linux.go", // in /proc
		"tools/internal/folder/readfile.go",          // opens for reading
		"stores/internal/realserver/realserver.go",   // a log in a test's own folder
	}
	uses, err := source.Uses("../../..", "os", "WriteFile", "Create", "OpenFile", "CreateTemp", "Rename", "Truncate", "Symlink", "Link")
	require.NoError(t, err)
	seen := make(map[string]bool)
	for _, u := range uses {
		assert.True(t, slices.Contains(allowed, u.File), "%v: folder.WriteFile writes files", u)
		seen[u.File] = true
	}
	for _, file := range allowed {
		assert.True(t, seen[file], "%s writes no files any more", file)
	}
}
