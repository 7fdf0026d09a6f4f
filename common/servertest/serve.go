package servertest

import (
	"context"
	"net"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/kv"
	"github.com/ioflavors/ioflavors/common/kvclient"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/store"
)

// Serve runs srv on a free port until the test or benchmark ends. It is for
// tests of one model's own features. It returns the server's address.
func Serve(tb testing.TB, srv server.Server) (addr string) {
	tb.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(tb, err)
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(ln) }()
	tb.Cleanup(func() {
		assert.NoError(tb, srv.Close())
		assert.ErrorIs(tb, <-ended, server.ErrServerClosed)
	})
	return ln.Addr().String()
}

// Dial returns a client of the server, which is closed when the test ends, and
// a context that limits the test's calls.
func Dial(t *testing.T, addr string) (context.Context, *kvclient.Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), whole)
	t.Cleanup(cancel)
	c, err := kvclient.Dial(ctx, addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return ctx, c
}

// SlowStore blocks the first Put of the key "slow" until it is released.
type SlowStore struct {
	store.Store
	Entered chan struct{} // closed when that Put has begun
	Release chan struct{} // close it to let that Put continue

	mu   sync.Mutex
	keys []string
}

// NewSlowStore returns an empty store.
func NewSlowStore() *SlowStore {
	return &SlowStore{Store: store.NewSharded(0), Entered: make(chan struct{}), Release: make(chan struct{})}
}

// Put stores the value like the embedded store, and records the key.
func (s *SlowStore) Put(key, value []byte) error {
	if string(key) == "slow" {
		close(s.Entered)
		<-s.Release
	}
	s.mu.Lock()
	s.keys = append(s.keys, string(key))
	s.mu.Unlock()
	return s.Store.Put(key, value)
}

// Keys returns the keys in the order of their puts.
func (s *SlowStore) Keys() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.keys)
}

// OneSlowRequestDelaysEveryClient shows the weakness of models that serve all
// clients on one goroutine: every other client waits for the slowest request
// (head-of-line blocking).
func OneSlowRequestDelaysEveryClient(t *testing.T, target Target) {
	slowly := NewSlowStore()
	srv := target.New(server.Config{Protocol: kv.New(kv.Config{Store: slowly})})
	addr := Serve(t, srv)

	ctx, slow := Dial(t, addr)
	var puts sync.WaitGroup
	puts.Go(func() { assert.NoError(t, slow.Put(ctx, "slow", "v")) })
	<-slowly.Entered
	for range 10 {
		_, quick := Dial(t, addr)
		puts.Go(func() { assert.NoError(t, quick.Put(ctx, "quick", "v")) })
	}
	assert.Zero(t, srv.Stats().Requests)
	close(slowly.Release)
	puts.Wait()
	keys := slowly.Keys()
	require.Len(t, keys, 11)
	assert.Equal(t, "slow", keys[0], "another client was served while the loop was busy")
}
