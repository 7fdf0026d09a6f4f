package main

import (
	"flag"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/kvserver"
	"github.com/ioflavors/ioflavors/common/servertest"
	"github.com/ioflavors/ioflavors/iouring"
)

// Every model is slow for the given keys, and answers rightly.
func TestServeSlowKeys(t *testing.T) {
	const sleep = 20 * time.Millisecond
	for _, model := range commands {
		t.Run(model.Model, func(t *testing.T) {
			if err := iouring.Available(); err != nil && model.Model == iouring.Command.Model {
				t.Skip(err)
			}
			srv, err := slowServer(t, model, "--slow-prefix", "s:", "--slow-sleep", sleep.String(), "--slow-burn", "1ms")
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
		_, err := slowServer(t, commands[0], "--slow-burn", wrong)
		assert.ErrorContains(t, err, "--slow-burn "+wrong)
	}
}

func slowServer(t *testing.T, model kvserver.Command, args ...string) (kvserver.Server, error) {
	t.Helper()
	fs := flag.NewFlagSet("serve", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	server := withSlowKeys(model).Flags(fs)
	require.NoError(t, fs.Parse(args))
	return server(kvserver.Config{})
}
