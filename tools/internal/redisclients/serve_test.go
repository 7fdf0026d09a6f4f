// Package redisclients_test shows that Redis's own programs, and the usual clients in Go,
// work with every model of ours that speaks Redis's protocol.
package redisclients_test

import (
	"log/slog"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/resp"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/tools/internal/models"
)

// everyModel runs a test against every variant of every model, each with an empty store.
func everyModel(t *testing.T, cfg resp.Config, test func(t *testing.T, v models.Variant, addr string)) {
	for _, v := range models.Variants() {
		t.Run(v.Name(), func(t *testing.T) {
			if v.Available != nil {
				if err := v.Available(); err != nil {
					t.Skip(err)
				}
			}
			test(t, v, serve(t, v, resp.New(cfg)))
		})
	}
}

// serve serves until the test ends, and returns the address.
func serve(t *testing.T, v models.Variant, p *resp.Protocol) string {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	srv, err := v.New(server.Config{Protocol: p, Logger: slog.New(slog.NewTextHandler(t.Output(), nil))}, v.Args...)
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(ln) }()
	t.Cleanup(func() {
		assert.NoError(t, srv.Close())
		assert.ErrorIs(t, <-ended, server.ErrServerClosed)
	})
	return ln.Addr().String()
}
