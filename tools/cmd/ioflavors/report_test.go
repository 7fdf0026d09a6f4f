package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/lab"
	"github.com/ioflavors/ioflavors/tools/internal/report"
)

func TestReportCommand(t *testing.T) {
	r := &lab.Results{Schema: lab.Schema}
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
