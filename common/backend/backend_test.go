package backend

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/memlimit"
	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/common/store"
)

// A client could once fill the machine's memory by putting new keys.
func TestTheStoreHasALimitByDefault(t *testing.T) {
	usage := func(cfg Config, env session.Env) *store.Usage {
		b := New(cfg)
		_, err := b.Start(env)
		require.NoError(t, err)
		return b.StoreStats().Store
	}
	for _, env := range []session.Env{{}, {Threads: true}} {
		assert.Equal(t, &store.Usage{Limit: memlimit.Bytes() / 4}, usage(Config{}, env))
		assert.Equal(t, &store.Usage{}, usage(Config{Limit: -1}, env))
		assert.Equal(t, &store.Usage{Limit: 1000}, usage(Config{Limit: 1000}, env))
	}
	assert.Equal(t, &store.Usage{Limit: 7}, usage(Config{Store: store.NewSharded(7)}, session.Env{}), "one that the caller has made")
	assert.Nil(t, usage(Config{Store: mute{store.New(7)}}, session.Env{}), "one that does not say")
}

// mute is a store that does not say how full it is.
type mute struct{ store.Store }

// A store in memory for one thread would break under two servers, or a server with
// several threads.
func TestTheStoreSuitsItsServers(t *testing.T) {
	b := New(Config{})
	s, err := b.Start(session.Env{Threads: true})
	require.NoError(t, err)
	assert.IsType(t, (*store.Sharded)(nil), s)
	_, err = b.Start(session.Env{Threads: true})
	assert.ErrorContains(t, err, "serves one server")

	s, err = New(Config{}).Start(session.Env{})
	require.NoError(t, err)
	assert.IsType(t, (*store.InMemory)(nil), s)

	own := store.NewSharded(0)
	b = New(Config{Store: own})
	for range 2 {
		s, err = b.Start(session.Env{})
		require.NoError(t, err)
		assert.Same(t, own, s)
	}
}

// The log warns of a full store while puts still succeed.
func TestTheLogWarnsBeforeTheStoreIsFull(t *testing.T) {
	var log strings.Builder
	b := New(Config{Limit: 10_000})
	s, err := b.Start(session.Env{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	require.NoError(t, err)
	for i := 0; b.StoreStats().Store.Bytes <= 9_000; i++ {
		require.NoError(t, s.Put([]byte(fmt.Sprint(i)), make([]byte, 100)))
	}
	assert.Equal(t, 1, strings.Count(log.String(), "the store is nearly full"), log.String())
	assert.Contains(t, log.String(), "limit=10000")
}

// A store that fails for every client has one line a second.
func TestErrorsAreCountedAndLoggedOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		b := New(Config{})
		_, err := b.Start(session.Env{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		require.NoError(t, err)
		for range 3 {
			for range 100 {
				b.Failed(fmt.Errorf("wrapped: %w", store.ErrFull))
				b.Failed(errors.New("the disk is on fire"))
				b.nearlyFull(91, 100)
			}
			time.Sleep(time.Second)
		}
		assert.Equal(t, store.Stats{StoreFull: 300, StoreErrors: 300, Store: &store.Usage{Limit: memlimit.Bytes() / 4}}, b.StoreStats())
		for _, line := range []string{"the store is full", "on fire", "nearly full"} {
			assert.Equal(t, 3, strings.Count(log.String(), line), line)
		}
		assert.Equal(t, 6, strings.Count(log.String(), "suppressed=99"), log.String())
	})
}
