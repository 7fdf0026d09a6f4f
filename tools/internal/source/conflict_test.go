package source

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The changelog once kept both sides of a merge, and the lines that git puts around them.
func TestNoMergeIsLeftUnresolved(t *testing.T) {
	marker := regexp.MustCompile(`(?m)^(<{7}|>{7}|\|{7}) `)
	read := 0
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && (d.Name() == ".git" || d.Name() == "lab-out" || d.Name() == "bin") {
			if err == nil {
				err = filepath.SkipDir
			}
			return err
		}
		switch filepath.Ext(path) {
		case ".go", ".md", ".sh", ".mod", ".work", ".txt", ".yaml":
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			read++
			assert.Empty(t, marker.FindString(string(text)), path)
		}
		return nil
	}))
	assert.Greater(t, read, 500)
}
