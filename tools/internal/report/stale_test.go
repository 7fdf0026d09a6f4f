package report

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/report/reporttest"
)

func TestStalePicturesGo(t *testing.T) {
	dir := t.TempDir()
	others := []string{"mine.svg", "cost-1.png", "cost-0.svg", "cost-1.svg.orig", "my-cost-1.svg", "costs.svg", "idle-hands.svg", "results.json"}
	stale := []string{"cost-3.svg", "spectrum-12.svg", "idle.svg", "syscalls-4.svg"}
	for _, name := range append(append([]string{"cost-1.svg", "stop.svg"}, others...), stale...) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("before"), 0o666))
	}
	require.NoError(t, os.Mkdir(filepath.Join(dir, "cost-9.svg"), 0o777))
	require.NoError(t, os.Symlink("mine.svg", filepath.Join(dir, "cost-8.svg")))

	r := reporttest.Sample(t)
	r.StallCheck = nil // whose picture is stale now
	_, err := Write(dir, r)
	require.NoError(t, err)
	for _, name := range append(stale, "stop.svg") {
		assert.NoFileExists(t, filepath.Join(dir, name))
	}
	for _, name := range others {
		text, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.Equal(t, "before", string(text), name)
	}
	assert.DirExists(t, filepath.Join(dir, "cost-9.svg"))
	_, err = os.Lstat(filepath.Join(dir, "cost-8.svg"))
	assert.NoError(t, err, "this program makes no links")
	text, err := os.ReadFile(filepath.Join(dir, "cost-1.svg"))
	require.NoError(t, err)
	assert.NotEqual(t, "before", string(text))
}

// A picture that removeStale does not know would stay for ever.
func TestEachPictureIsOurs(t *testing.T) {
	for _, p := range newPage(reporttest.Sample(t)).pictures() {
		assert.Regexp(t, ours, p.ID+".svg")
	}
}
