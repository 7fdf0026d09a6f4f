package folder

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var noon = time.Date(2026, 11, 30, 14, 51, 2, 0, time.FixedZone("", 2*60*60))

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666))
}

func content(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(text)
}

// run makes the folder of a run with a file in it, and returns its name.
func run(t *testing.T, parent, what string, began time.Time) string {
	t.Helper()
	f, err := New(parent, what, began)
	require.NoError(t, err)
	write(t, f.Path, "results.json", what)
	require.NoError(t, f.Close())
	return filepath.Base(f.Path)
}

func TestEachRunHasItsOwn(t *testing.T) {
	parent := filepath.Join(t.TempDir(), "lab-out")
	assert.Equal(t, "2026-11-30T12-51-02-quick", run(t, parent, "quick", noon), "in UTC")
	assert.Equal(t, "2026-11-30T12-51-02-quick-2", run(t, parent, "quick", noon), "in the same second")
	assert.Equal(t, "2026-11-30T12-51-03-only-eventloop-loops-2", run(t, parent, "only eventloop --loops 2/../", noon.Add(time.Second)))
	assert.Equal(t, "quick", content(t, filepath.Join(parent, "2026-11-30T12-51-02-quick", "results.json")))
}

func TestTheLatestIsLinked(t *testing.T) {
	for name, link := range map[string]func(string, string) error{
		"link":        os.Symlink,
		"file for it": func(string, string) error { return errors.New("a required privilege is not held") },
	} {
		t.Run(name, func(t *testing.T) {
			symlink = link
			t.Cleanup(func() { symlink = os.Symlink })
			parent := t.TempDir()
			run(t, parent, "full", noon)
			last := run(t, parent, "quick", noon.Add(time.Hour))
			if name == "link" {
				assert.Equal(t, "quick", content(t, filepath.Join(parent, "latest", "results.json")))
			} else {
				assert.Equal(t, last+"\n", content(t, filepath.Join(parent, "latest")))
			}
			found, err := Find(parent, "results.json")
			require.NoError(t, err)
			assert.Equal(t, filepath.Join(parent, last, "results.json"), found)
		})
	}
}

// A folder named latest that another program made stays.
func TestALatestOfSomebodyElse(t *testing.T) {
	parent := t.TempDir()
	write(t, parent, "keep", "")
	require.NoError(t, os.Mkdir(filepath.Join(parent, "latest"), 0o777))
	write(t, filepath.Join(parent, "latest"), "mine", "")
	f, err := New(parent, "quick", noon)
	require.NoError(t, err)
	write(t, f.Path, "results.json", "")
	require.ErrorContains(t, f.Close(), "is a folder")
	assert.FileExists(t, filepath.Join(parent, "latest", "mine"))
}

// A run without results leaves no folder, and is not the latest.
func TestAnEmptyFolderIsRemoved(t *testing.T) {
	parent := t.TempDir()
	before := run(t, parent, "full", noon)
	f, err := New(parent, "quick", noon.Add(time.Hour))
	require.NoError(t, err)
	require.NoError(t, f.Close())
	assert.NoDirExists(t, f.Path)
	found, err := Find(parent, "results.json")
	require.NoError(t, err)
	assert.Equal(t, filepath.Join(parent, before, "results.json"), found)

	named := filepath.Join(parent, "named", "deep")
	f, err = Use(named)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	assert.NoDirExists(t, named)

	f, err = Use(t.TempDir())
	require.NoError(t, err)
	require.NoError(t, f.Close())
	assert.DirExists(t, f.Path, "it was there before")
}

func TestANamedFolderKeepsWhatItHas(t *testing.T) {
	dir := t.TempDir()
	f, err := Use(dir, "results.json", "report.html")
	require.NoError(t, err)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, entries, "trying leaves nothing")
	write(t, f.Path, "report.html", "hours")
	_, err = Use(dir, "results.json", "report.html")
	require.ErrorContains(t, err, "has report.html in it")
	assert.Equal(t, "hours", content(t, filepath.Join(dir, "report.html")))
	_, err = Use(dir, "advice.txt")
	require.NoError(t, err, "it is in no run's way")

	_, err = Use(filepath.Join(dir, "report.html", "below a file"))
	require.Error(t, err)
	_, err = New(filepath.Join(dir, "report.html"), "quick", noon)
	require.Error(t, err)
}

func TestFind(t *testing.T) {
	parent := t.TempDir()
	_, err := Find(filepath.Join(parent, "none"), "results.json")
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = Find(parent, "results.json")
	require.ErrorContains(t, err, "no results.json")

	first := run(t, parent, "quick", noon)
	require.NoError(t, os.Mkdir(filepath.Join(parent, "2027-01-01T00-00-00-killed at once"), 0o777))
	require.NoError(t, os.Mkdir(filepath.Join(parent, "zzz"), 0o777))
	write(t, filepath.Join(parent, "zzz"), "results.json", "")
	want := filepath.Join(parent, first, "results.json")
	for _, path := range []string{parent, filepath.Join(parent, first), want} {
		found, err := Find(path, "results.json")
		require.NoError(t, err)
		assert.Equal(t, want, found)
	}
}
