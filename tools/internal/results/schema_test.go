package results_test

import (
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/invopop/jsonschema"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/experiments"
	"github.com/ioflavors/ioflavors/tools/internal/labtest"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

var update = flag.Bool("update", false, "write the schema anew")

// wholeSample has everything that a file of results may have.
func wholeSample(t *testing.T) *results.Results {
	t.Helper()
	r := labtest.Sample(t)
	r.Experiments = experiments.Statements(r.Plan.Experiments)
	r.Claims = experiments.Judge(r)
	return r
}

// The schema is made from the types and their comments, so that they always
// agree.
func TestTheSchemaIsCurrent(t *testing.T) {
	r := jsonschema.Reflector{AllowAdditionalProperties: true} // a later version may add some
	require.NoError(t, r.AddGoComments("github.com/ioflavors/ioflavors/tools/internal/results", "../results"))
	require.NoError(t, r.AddGoComments("github.com/ioflavors/ioflavors/tools/internal/load", "../load"))
	s := r.Reflect(new(results.Results))
	s.ID = ""
	s.Title = "Results of ioflavors lab"
	version, _ := s.Definitions["Results"].Properties.Get("schema")
	version.Const = results.Schema
	text, err := json.MarshalIndent(s, "", "  ")
	require.NoError(t, err)
	text = append(text, '\n')
	if *update {
		require.NoError(t, os.WriteFile(labtest.SchemaFile, text, 0o666))
	}
	want, err := os.ReadFile(labtest.SchemaFile)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(text), "go test -run TestTheSchemaIsCurrent -update writes it anew")
}

func TestResultsFollowTheSchema(t *testing.T) {
	validate := func(text string) error { return labtest.FollowsSchema(t, text) }
	name, err := wholeSample(t).Write(t.TempDir())
	require.NoError(t, err)
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	require.NoError(t, validate(string(text)))
	little := wholeSample(t)
	little.Runs, little.Again, little.Idle, little.Syscalls, little.StallCheck, little.NotMeasured = nil, nil, nil, nil, nil, nil
	require.NoError(t, little.Summarize())
	little.Claims = experiments.Judge(little)
	interrupted, err := json.Marshal(little)
	require.NoError(t, err)
	require.NoError(t, validate(string(interrupted)), "of a run that was interrupted at once")

	for _, change := range [][2]string{{`"schema": 5`, `"schema": 2`}, {`"seed": 42`, `"seed": "42"`}, {`"servers"`, `"models"`}} {
		require.Contains(t, string(text), change[0])
		assert.Error(t, validate(strings.Replace(string(text), change[0], change[1], 1)), change[0])
	}
}
