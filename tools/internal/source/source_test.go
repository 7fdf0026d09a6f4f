package source

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestUses(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.go":           "package a\n\nimport \"os\"\n\nvar _ = os.Create\nvar _ = os.Open\n",
		"deep/b.go":      "package b\n\nimport system \"os\"\n\nfunc f() { _ = system.WriteFile }\n",
		"c.go":           "package a\n\nvar os struct{ Create int }\nvar _ = os.Create\n",
		"a_test.go":      "package a\n\nimport \"os\"\n\nvar _ = os.Create\n",
		"testdata/d.go":  "package d\n\nimport \"os\"\n\nvar _ = os.Create\n",
		".hidden/e.go":   "no Go at all",
		"deep/README.md": "os.Create",
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o777))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666))
	}
	uses, err := Uses(dir, "os", "Create", "WriteFile")
	require.NoError(t, err)
	assert.Equal(t, []Use{{"a.go", "os.Create", 5}, {"deep/b.go", "system.WriteFile", 5}}, uses)
	uses, err = Uses(dir, "os")
	require.NoError(t, err)
	assert.Equal(t, []Use{{"a.go", "os", 0}, {"deep/b.go", "os", 0}}, uses)

	require.NoError(t, os.WriteFile(filepath.Join(dir, "f.go"), []byte("no Go"), 0o666))
	_, err = Uses(dir, "os")
	require.Error(t, err, "nothing is passed over")
}
