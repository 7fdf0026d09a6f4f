package main

import (
	"flag"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/backend"
	"github.com/ioflavors/ioflavors/common/kv"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servertest"
	"github.com/ioflavors/ioflavors/common/store"
	"github.com/ioflavors/ioflavors/tools/internal/models"
)

// slowStore returns the store that flags ask for.
func slowStore(args ...string) (store.Store, error) {
	fs := flag.NewFlagSet("", flag.ContinueOnError)
	makeStore := slowKeys(fs)
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	return makeStore(backend.Config{})
}

// Every model is slow for the given keys, and answers rightly.
func TestServeSlowKeys(t *testing.T) {
	const sleep = 20 * time.Millisecond
	for _, model := range models.Commands() {
		t.Run(model.Model, func(t *testing.T) {
			if model.Available != nil && model.Available() != nil {
				t.Skip(model.Available())
			}
			slowly, err := slowStore("--slow-prefix", "s:", "--slow-sleep", sleep.String(), "--slow-burn", "1ms")
			require.NoError(t, err)
			srv, err := model.New(server.Config{Protocol: kv.New(kv.Config{Store: slowly})})
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
		_, err := slowStore("--slow-burn", wrong)
		assert.ErrorContains(t, err, "--slow-burn "+wrong)
	}
}
