package main

import (
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/backend"
	"github.com/ioflavors/ioflavors/common/kv"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servertest"
	"github.com/ioflavors/ioflavors/common/store"
	"github.com/ioflavors/ioflavors/stores"
	"github.com/ioflavors/ioflavors/tools/internal/models"
)

// storeOf returns the store that flags ask for.
func storeOf(limit int64, args ...string) (store.Store, error) {
	fs := flag.NewFlagSet("", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	makeStore := otherStores(fs)
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	return makeStore(backend.Config{Limit: limit})
}

// Every model keeps its entries in a file, and the next one finds them there.
func TestServeAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data")
	last := ""
	for _, model := range models.Commands() {
		if model.Available != nil && model.Available() != nil {
			continue
		}
		t.Run(model.Model, func(t *testing.T) {
			s, err := storeOf(0, "--store", "bolt:"+path, "--store-timeout", "1m")
			require.NoError(t, err)
			defer s.(stores.Store).Close()
			srv, err := model.New(server.Config{Protocol: kv.New(kv.Config{Store: s})})
			require.NoError(t, err)
			ctx, c := servertest.Dial(t, servertest.Serve(t, srv))
			value, found, err := c.Get(ctx, "last")
			require.NoError(t, err)
			assert.Equal(t, last != "", found)
			assert.Equal(t, last, value)
			require.NoError(t, c.Put(ctx, "last", model.Model))
			last = model.Model
		})
	}
	assert.NotEmpty(t, last)
}

func TestStoresThatAreWrong(t *testing.T) {
	data := "bolt:" + filepath.Join(t.TempDir(), "data")
	password := filepath.Join(t.TempDir(), "password")
	require.NoError(t, os.WriteFile(password, []byte("secret\n"), 0o644))
	for _, test := range []struct {
		limit int64
		args  []string
		want  string
	}{
		{0, []string{"--store", "mysql://h:1"}, "or memory"},
		{0, []string{"--store", "redis://me:secret@h:1"}, "put it into a file"},
		{0, []string{"--store", data, "--slow-sleep", "1s"}, "keys are slow in memory only"},
		{0, []string{"--store", data, "--store-timeout", "2m"}, "want 1ms to 1m0s"},
		{0, []string{"--store", data, "--store-timeout", "0"}, "want 1ms to 1m0s"},
		{1, []string{"--store", "redis://h:1"}, "--store-limit"},
		{0, []string{"--store", data, "--store-password-file", password}, "has no password"},
		{0, []string{"--store", "redis://h:1", "--store-password-file", password}, "--store-password-file"},
		{0, []string{"--store", "bolt:/none/none"}, "no such file"},
		{0, []string{"--store", "redis://127.0.0.1:1"}, "not available"},
	} {
		_, err := storeOf(test.limit, test.args...)
		require.ErrorContains(t, err, test.want, "%q", test.args)
		assert.NotContains(t, err.Error(), "secret")
	}
	s, err := storeOf(0, "--store", data, "--store", "memory", "--store-timeout", "1s")
	require.NoError(t, err)
	assert.Nil(t, s, "the last one counts")
}
