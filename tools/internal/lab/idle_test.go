//go:build linux

package lab

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/results"
)

func TestIdleLadder(t *testing.T) {
	cfg := testConfig(t, "right", "serial")
	cfg.Parts = []results.Part{results.Idle}
	r, err := Run(t.Context(), cfg)
	require.NoError(t, err)
	assert.Empty(t, r.Runs)
	assert.Empty(t, r.Failed())
	var held []int
	for _, c := range r.Idle {
		held = append(held, c.Connections)
		assert.Empty(t, c.Short)
		require.NotNil(t, c.Resources)
		assert.Positive(t, c.Resources.RSS)
		assert.GreaterOrEqual(t, c.Resources.Window, r.Plan.Idle)
	}
	assert.Equal(t, []int{0, 20, 60, 0, 1}, held, "the second server serves one at a time")
}
