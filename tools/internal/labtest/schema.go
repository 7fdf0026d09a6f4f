package labtest

import (
	"strings"
	"testing"

	validator "github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
)

// SchemaFile describes results.json for programs in other languages. The path is relative
// to a package beside this one.
const SchemaFile = "../../../docs/results.schema.json"

// FollowsSchema returns an error that says how the text departs from the schema.
func FollowsSchema(t *testing.T, text string) error {
	t.Helper()
	schema, err := validator.NewCompiler().Compile(SchemaFile)
	require.NoError(t, err)
	value, err := validator.UnmarshalJSON(strings.NewReader(text))
	require.NoError(t, err)
	return schema.Validate(value)
}
