package lab

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReadWhatWasWritten(t *testing.T) {
	r := sampleResults(t)
	name, err := r.Write(t.TempDir())
	require.NoError(t, err)
	again, err := Read(name)
	require.NoError(t, err)
	want, err := json.Marshal(r)
	require.NoError(t, err)
	got, err := json.Marshal(again)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got))
}

func TestReadSaysWhatIsWrong(t *testing.T) {
	_, err := Read(filepath.Join(t.TempDir(), "none.json"))
	require.ErrorIs(t, err, os.ErrNotExist)

	for text, want := range map[string]string{
		"hello":                            "not the results of a lab run",
		"{}":                               "no schema version",
		`{"schema": 99, "servers": true}`:  "schema version 99, but this program reads 4 only",
		`{"schema": 4, "servers": true}`:   "servers",
		`{"schema": 4, "servers": [null]}`: "a server is null",
		`{"schema": 4, "runs": [{"server": "x"}]}`: `figures of "x" under workload 0`,
	} {
		name := filepath.Join(t.TempDir(), FileName)
		require.NoError(t, os.WriteFile(name, []byte(text), 0o666))
		r, err := Read(name)
		require.ErrorContains(t, err, want)
		assert.Nil(t, r)
		assert.ErrorContains(t, err, name)
	}
}
