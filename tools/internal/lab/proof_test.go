//go:build unix

package lab

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/results"
)

func TestAStopIsProof(t *testing.T) {
	cfg := testConfig(t, "right")
	cfg.Parts = []results.Part{results.StopTest}
	r, err := Run(t.Context(), cfg)
	require.NoError(t, err)
	require.NotNil(t, r.Proof, r.NotMeasured)
	assert.True(t, r.Proof.Shows())
	assert.GreaterOrEqual(t, r.Proof.Open.Response.Max, stopFor-stopFor/10)
	assert.GreaterOrEqual(t, r.Proof.Closed.Response.Max, stopFor-stopFor/10)
	assert.Less(t, r.Proof.Closed.Response.P99, stopFor/10, "it hides it")
	assert.NotEmpty(t, r.Proof.Open.Series)
}
