package models

import (
	"errors"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	_ "github.com/ioflavors/ioflavors/common/kv" // the protocol of a server without one
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// Each model's declaration is complete, and true as far as a test without
// measurements can tell.
func TestModelsDeclareThemselves(t *testing.T) {
	for _, c := range Commands() {
		assert.FileExists(t, "../../../"+c.Model+"/command.go", "the model's name is its folder's")
		assert.NotEmpty(t, c.Summary, c.Model)
		assert.Contains(t, []server.Kind{server.Blocking, server.NonBlocking}, c.Kind, c.Model)
		require.NotEmpty(t, c.Variants, c.Model)
		assert.Empty(t, c.Variants[0].Args, "%s: its first variant has no flags", c.Model)
		if c.Available != nil {
			err := c.Available()
			assert.True(t, err == nil || errors.Is(err, server.ErrUnavailable), "%s: %v", c.Model, err)
		}
		assert.True(t, c.OS == "" || c.OS == runtime.GOOS || c.Available() != nil, "%s is for %s", c.Model, c.OS)
	}
	for _, v := range Variants() {
		srv, err := v.New(server.Config{}, v.Args...)
		require.NoError(t, err, v.Name())
		require.NoError(t, srv.Validate(), v.Name())
		assert.Contains(t, v.Go, v.Model+".New(", v.Name())
		assert.False(t, v.Clients > 0 && v.Handlers > v.Clients, "%s: a client has one request handled at a time", v.Name())
		_, err = v.New(server.Config{}, append(v.Args[:len(v.Args):len(v.Args)], "--no-such-flag")...)
		require.Error(t, err, v.Name())
	}
}

func TestVariantOf(t *testing.T) {
	v := VariantOf(results.Target{Name: "eventloop --loops 2"})
	assert.Equal(t, "eventloop", v.Model)
	assert.Equal(t, 2, v.Handlers)
	assert.Equal(t, "eventloop --loops 2", v.Name())
	assert.Zero(t, VariantOf(results.Target{Name: "eventloop", Foreign: true}).Model, "a user's own server")
	assert.Zero(t, VariantOf(results.Target{Name: "eventloop --loops 3"}).Model, "no such variant")
	other := VariantOf(results.Target{Name: "another", OneAtATime: true})
	assert.Zero(t, other.Model)
	assert.True(t, other.OneAtATime())
	assert.Equal(t, Reference, VariantOf(results.Target{Name: Reference}).Name(), "the reference is one of ours")
}
