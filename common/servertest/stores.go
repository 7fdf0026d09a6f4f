package servertest

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
	"github.com/ioflavors/ioflavors/common/kv"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/store"
)

// testStore tests what clients see when the store fails.
func testStore(t *testing.T, target Target) {
	t.Run("errors", func(t *testing.T) {
		srv := start(t, target, server.Config{Protocol: kv.New(kv.Config{Store: newFaultyStore()})})
		c := srv.dial()
		c.Send(probe.Put("fail", "x"))
		require.Equal(t, "the store failed", c.WantError(probe.KindPut), "the store's own error is for the log")
		c.Send(probe.Get("fail"))
		require.Equal(t, "the store failed", c.WantError(probe.KindGet))
		c.talk("k") // the connection stays open
		assert.EqualValues(t, 2, srv.books().StoreErrors)
	})
	t.Run("panics", func(t *testing.T) {
		for _, request := range [][]byte{probe.Put("panic", "x"), probe.Get("panic")} {
			srv := start(t, target, server.Config{Protocol: kv.New(kv.Config{Store: newFaultyStore()})})
			var bystander *client
			if !target.OneAtATime() {
				bystander = srv.dial()
				bystander.talk("k")
			}
			c := srv.dial()
			c.Send(request)
			c.WantClosed()
			srv.wantClosed(server.ClosedPanic, 1)
			if bystander != nil {
				bystander.talk("k")
				bystander.Close()
			}
			srv.visit("k")
		}
	})
	t.Run("full", func(t *testing.T) {
		srv := start(t, target, server.Config{Protocol: kv.New(kv.Config{Store: store.NewSharded(256 << 10)})})
		c := srv.dial()
		c.talk("before")
		c.Send(probe.Put("before", strings.Repeat("v", 300<<10)))
		reason := c.WantError(probe.KindPut)
		assert.Contains(t, reason, store.ErrFull.Error())
		assert.EqualValues(t, 1, srv.books().StoreFull)
		c.Send(probe.Get("before"))
		c.Want(probe.Found("before", "value-of-before")) // nothing is lost
		c.talk("after")
	})
}

var errFaulty = errors.New("mount /secret: the disk is on fire \xff")

// faultyStore fails, or panics, for the keys that ask for it.
type faultyStore struct{ store.Store }

func newFaultyStore() faultyStore { return faultyStore{store.NewSharded(0)} }

func (s faultyStore) Append(dst, key []byte) ([]byte, bool, error) {
	if err := misbehave(key); err != nil {
		return dst, false, err
	}
	return s.Store.Append(dst, key)
}

func (s faultyStore) Put(key, value []byte) error {
	if err := misbehave(key); err != nil {
		return err
	}
	return s.Store.Put(key, value)
}

func misbehave(key []byte) error {
	switch string(key) {
	case "fail":
		return errFaulty
	case "panic":
		panic("a bug in the store")
	}
	return nil
}
