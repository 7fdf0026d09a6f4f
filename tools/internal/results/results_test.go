package results_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/results"
)

func TestReadWhatWasWritten(t *testing.T) {
	r := wholeSample(t)
	name, err := r.Write(t.TempDir())
	require.NoError(t, err)
	again, err := results.Read(t.Context(), name)
	require.NoError(t, err)
	want, err := json.Marshal(r)
	require.NoError(t, err)
	got, err := json.Marshal(again)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got))
}

// Read refuses a file that is too long to be a run's, and reads no more of it.
func TestReadHasALimit(t *testing.T) {
	name := filepath.Join(t.TempDir(), results.FileName)
	require.NoError(t, os.WriteFile(name, nil, 0o666))
	require.NoError(t, os.Truncate(name, 1<<40)) // takes no room
	_, err := results.Read(t.Context(), name)
	require.ErrorContains(t, err, "more than 256 MiB")
}

func TestReadSaysWhatIsWrong(t *testing.T) {
	_, err := results.Read(t.Context(), filepath.Join(t.TempDir(), "none.json"))
	require.ErrorIs(t, err, os.ErrNotExist)

	for text, want := range map[string]string{
		"hello":                            "not the results of a lab run",
		"{}":                               "no schema version",
		`{"schema": 99, "servers": true}`:  "schema version 99, but this program reads 5 only",
		`{"schema": 5, "servers": true}`:   "servers",
		`{"schema": 5, "servers": [null]}`: "a server is null",
		`{"schema": 5, "servers": [{"name": "x\nall figures are equal"}]}`:                     "the name of a server has a line break, or a tab: x",
		`{"schema": 5, "runs": [{"server": "x"}]}`:                                             `runs: figures of "x" under workload 0`,
		`{"schema": 5, "servers": [{"name": "x"}], "open": [{"server": "x", "workload": 99}]}`: `open: figures of "x" under workload 99`,
		`{"schema": 5, "servers": [{"name": "x"}], "idle": [{"server": "x", "wanted": 5}]}`:    "of the plan's []",
		`{"schema": 5, "plan": {"seed": 18446744073709551615, "rounds": 9000000000000000000}}`: "Rounds: 9000000000000000000 is out of range",
		`{"schema": 5, "trials": [{"probes": {"step_ns": 3600000000000, "steps": [{}, {}]}}]}`: "2 steps of 1h",
		`{"schema": 5, "trials": [{"figures": {"a": 5e-324}}]}`:                                "5e-324 is out of range",
	} {
		name := filepath.Join(t.TempDir(), results.FileName)
		require.NoError(t, os.WriteFile(name, []byte(text), 0o666))
		r, err := results.Read(t.Context(), name)
		require.ErrorContains(t, err, want)
		assert.Nil(t, r)
		assert.ErrorContains(t, err, name)
	}
}
