package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servertest"
	"github.com/ioflavors/ioflavors/tools/internal/models"
)

// Every model is slow for the given keys, and answers rightly.
func TestServeSlowKeys(t *testing.T) {
	const sleep = 20 * time.Millisecond
	for _, model := range models.Commands() {
		t.Run(model.Model, func(t *testing.T) {
			if model.Available != nil && model.Available() != nil {
				t.Skip(model.Available())
			}
			srv, err := withSlowKeys(model).New(server.Config{}, "--slow-prefix", "s:", "--slow-sleep", sleep.String(), "--slow-burn", "1ms")
			require.NoError(t, err)
			ctx, c := servertest.Dial(t, servertest.Serve(t, srv))
			began := time.Now()
			require.NoError(t, c.Put(ctx, "s:1", "slow"))
			assert.GreaterOrEqual(t, time.Since(began), sleep)
			value, found, err := c.Get(ctx, "s:1")
			require.NoError(t, err)
			assert.True(t, found)
			assert.Equal(t, "slow", value)
		})
	}
	for _, wrong := range []string{"-1s", "2h"} {
		_, err := withSlowKeys(models.Commands()[0]).New(server.Config{}, "--slow-burn", wrong)
		assert.ErrorContains(t, err, "--slow-burn "+wrong)
	}
}
