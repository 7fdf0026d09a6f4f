package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/report"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

func TestReportCommand(t *testing.T) {
	r := &results.Results{Schema: results.Schema}
	dir := t.TempDir()
	name, err := r.Write(dir)
	require.NoError(t, err)
	names, err := report.Write(dir, r)
	require.NoError(t, err)
	want, err := os.ReadFile(names[0])
	require.NoError(t, err)

	out := filepath.Join(dir, "out")
	assert.Equal(t, 0, run([]string{"report", name, "--out", out}))
	got, err := os.ReadFile(filepath.Join(out, report.FileName))
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got))

	require.NoError(t, os.WriteFile(name, []byte("{"), 0o666))
	assert.Equal(t, 1, run([]string{"report", name}))
	assert.Equal(t, 1, run([]string{"report", filepath.Join(dir, "none.json")}))
}

// A run is never replaced, not even by the command in its own report that
// repeats it.
func TestEachRunOfTheLabHasItsOwnFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	runLab := func(args ...string) string {
		t.Helper()
		_, out, _ := ioflavors(t, append([]string{"lab"}, args...)...)
		_, name, found := strings.Cut(out, " · lab-out")
		require.True(t, found, out)
		return "lab-out" + strings.TrimSpace(name)
	}
	first := runLab("--only", "E0", "--models", "singleblocking")
	assert.Regexp(t, `^lab-out.\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-E0-singleblocking.results\.json$`, first)
	before, err := os.ReadFile(first)
	require.NoError(t, err)
	r, err := results.Read(t.Context(), first)
	require.NoError(t, err)

	second := runLab(r.Command[slices.Index(r.Command, "lab")+1:]...)
	assert.NotEqual(t, first, second)
	after, err := os.ReadFile(first)
	require.NoError(t, err)
	assert.Equal(t, string(before), string(after))

	code, out, said := ioflavors(t, "report")
	assert.Equal(t, 0, code, said)
	assert.Contains(t, out, filepath.Base(filepath.Dir(second)), "the latest")
	code, out, said = ioflavors(t, "report", filepath.Dir(first))
	assert.Equal(t, 0, code, said)
	assert.Contains(t, out, filepath.Base(filepath.Dir(first)))

	// No command writes a second time to a folder that the user names, or puts a
	// page beside the results of another run.
	for _, args := range [][]string{
		{"lab", "--only", "E0", "--out", filepath.Dir(first)},
		{"report", filepath.Dir(second), "--out", filepath.Dir(first)},
	} {
		code, _, said = ioflavors(t, args...)
		assert.Equal(t, 1, code)
		assert.Contains(t, said, "has results.json in it")
	}
}
