//go:build unix

package lab

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/results"
)

func TestAStallIsSeen(t *testing.T) {
	cfg := testConfig(t, "right")
	cfg.Parts = []results.Part{results.Stall}
	r, err := Run(t.Context(), cfg)
	require.NoError(t, err)
	require.NotNil(t, r.StallCheck, r.NotMeasured)
	assert.True(t, r.StallCheck.Shows(), "%v of %v", r.StallCheck.Open.Response, r.StallCheck.Open.Offered)
	assert.GreaterOrEqual(t, r.StallCheck.Open.Response.Max, stopFor-stopFor/10)
	assert.GreaterOrEqual(t, r.StallCheck.Closed.Response.Max, stopFor-stopFor/10)
	assert.Less(t, r.StallCheck.Closed.Response.P99, stopFor/10, "it hides it")
	assert.NotEmpty(t, r.StallCheck.Open.Series)
}
