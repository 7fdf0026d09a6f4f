package source

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A reader takes in a package, and a model's loop, as a whole.
const (
	mostFiles     = 25   // of a package, without tests
	mostLines     = 3000 // of a package under tools/internal
	mostLoopLines = 200  // of a file with a model's loop
)

func TestPackagesAndLoopsStaySmall(t *testing.T) {
	files, lines := make(map[string]int), make(map[string]int)
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != root && strings.HasPrefix(entry.Name(), "."):
			return filepath.SkipDir
		case entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		code, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		folder, err := filepath.Rel(root, filepath.Dir(name))
		files[filepath.ToSlash(folder)]++
		lines[filepath.ToSlash(folder)] += bytes.Count(code, []byte("\n"))
		return err
	})
	require.NoError(t, err)
	for folder, n := range files {
		assert.LessOrEqual(t, n, mostFiles, "files in %s", folder)
		if strings.HasPrefix(folder, "tools/internal/") {
			assert.LessOrEqual(t, lines[folder], mostLines, "lines in %s", folder)
		}
	}
	for _, model := range modelFolders() {
		loop := filepath.Join(root, model, "loop.go")
		if _, err := os.Stat(loop); err != nil {
			loop = filepath.Join(root, model, "server.go")
		}
		code, err := os.ReadFile(loop)
		require.NoError(t, err)
		assert.LessOrEqual(t, bytes.Count(code, []byte("\n")), mostLoopLines, loop)
	}
}
