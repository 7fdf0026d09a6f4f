package report

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// evil is a name and a reason that must not become part of the page's markup.
const evil = `<script>alert("x")</script>`

// written returns the files that Write makes, by their names.
func written(t *testing.T, r *results.Results) map[string]string {
	t.Helper()
	dir := t.TempDir()
	names, err := Write(dir, r)
	require.NoError(t, err)
	require.Equal(t, filepath.Join(dir, FileName), names[0])
	files := make(map[string]string)
	for _, name := range names {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		files[filepath.Base(name)] = string(text)
	}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, len(names), "nothing else is left")
	return files
}
