package lab

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/invopop/jsonschema"
	validator "github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/experiments"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// schemaFile describes results.json for those who read it in another language.
const schemaFile = "../../../docs/results.schema.json"

// The schema is made of the types and their comments, so that it cannot say
// anything else.
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
		require.NoError(t, os.WriteFile(schemaFile, text, 0o666))
	}
	want, err := os.ReadFile(schemaFile)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(text), "go test -run TestTheSchemaIsCurrent -update writes it anew")
}

func TestResultsFollowTheSchema(t *testing.T) {
	validate := func(text string) error { return validate(t, text) }
	name, err := sampleResults(t).Write(t.TempDir())
	require.NoError(t, err)
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	require.NoError(t, validate(string(text)))
	little := sampleResults(t)
	little.Runs, little.Again, little.Idle, little.Syscalls, little.Proof, little.NotMeasured = nil, nil, nil, nil, nil, nil
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

// validate returns how the text differs from what the schema wants.
func validate(t *testing.T, text string) error {
	t.Helper()
	schema, err := validator.NewCompiler().Compile(schemaFile)
	require.NoError(t, err)
	value, err := validator.UnmarshalJSON(strings.NewReader(text))
	require.NoError(t, err)
	return schema.Validate(value)
}
