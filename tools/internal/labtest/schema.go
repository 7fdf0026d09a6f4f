package labtest

import (
	"strings"
	"testing"

	validator "github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
)

// SchemaFile describes results.json for those who read it in another language. It is
// where a test of a package beside this one finds it.
const SchemaFile = "../../../docs/results.schema.json"

// FollowsSchema returns how the text differs from what the schema wants.
func FollowsSchema(t *testing.T, text string) error {
	t.Helper()
	schema, err := validator.NewCompiler().Compile(SchemaFile)
	require.NoError(t, err)
	value, err := validator.UnmarshalJSON(strings.NewReader(text))
	require.NoError(t, err)
	return schema.Validate(value)
}
