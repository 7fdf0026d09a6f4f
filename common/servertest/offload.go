package servertest

import (
	"context"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
	"github.com/ioflavors/ioflavors/common/kv"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servertest/dialogue"
	"github.com/ioflavors/ioflavors/common/session"
)

// Offloaded returns the target with all its handlers off its loops
// (server.OffloadPredicate): each of them says that it may block.
func Offloaded(target Target) Target {
	create := target.New
	target.New = func(cfg server.Config) server.Server {
		if cfg.Protocol == nil {
			cfg.Protocol = session.Default()
		}
		cfg.Protocol = dialogue.MayBlock(cfg.Protocol, func([]byte) bool { return true })
		cfg.Offload = server.OffloadPredicate
		return create(cfg)
	}
	return target
}

// MayBlock implements store.Blocker.
func (s *SlowStore) MayBlock(key []byte) bool { return string(key) == "slow" }

// offload serves a SlowStore, whose slow requests run off the loop.
func offload(t *testing.T, target Target) (*testServer, *SlowStore) {
	s := NewSlowStore()
	return start(t, target, server.Config{Protocol: kv.New(kv.Config{Store: s}), Offload: server.OffloadPredicate, Limits: unhurried}), s
}

// Offload tests that a slow handler off the loop keeps none but its own client waiting,
// and what becomes of that client and of the handler.
func Offload(t *testing.T, target Target) {
	t.Run("a slow handler delays no other client", func(t *testing.T) {
		srv, store := offload(t, target)
		slow := srv.dial()
		first, last := slow.Put("first", "1"), slow.Get("first", "1")
		slow.Send(first.Request, slow.Put("slow", "v").Request, last.Request)
		<-store.Entered
		slow.WantBytes(first.Reply)
		for i := range 10 {
			srv.visit(fmt.Sprint("quick-", i))
		}
		assert.EqualValues(t, 1, srv.books().Away)
		close(store.Release)
		slow.WantBytes(slow.Put("slow", "v").Reply)
		slow.WantBytes(last.Reply)
		assert.EqualValues(t, 1, srv.books().Offloaded)
		slow.Close()
	})
	t.Run("a client leaves its handler", func(t *testing.T) {
		srv, store := offload(t, target)
		conn, err := net.Dial("tcp", srv.addr)
		require.NoError(t, err)
		_, err = conn.Write(probe.Put("slow", "v"))
		require.NoError(t, err)
		<-store.Entered
		require.NoError(t, conn.(*net.TCPConn).SetLinger(0)) // a reset, because behind a FIN it could still read
		require.NoError(t, conn.Close())
		srv.wantClosed(server.ClosedBroken, 1)
		st := srv.books()
		assert.Zero(t, st.Active, "its place is free")
		assert.EqualValues(t, 1, st.Away)
		srv.visit("k")
		close(store.Release)
		srv.eventually("the handler has returned", func(st server.Stats) bool { return st.Away == 0 })
	})
	t.Run("Shutdown waits for a handler", func(t *testing.T) {
		srv, store := offload(t, target)
		slow, idle := srv.dial(), srv.dial()
		idle.talk("k")
		put := slow.Put("slow", "v")
		slow.Send(put.Request)
		<-store.Entered
		down := srv.shutdown(srv.ctx)
		idle.WantEnd()
		ctx, cancel := context.WithCancel(srv.ctx)
		cancel()
		require.ErrorIs(t, srv.Shutdown(ctx), context.Canceled)
		close(store.Release)
		slow.WantBytes(put.Reply)
		slow.WantEnd()
		require.NoError(t, <-down)
		assert.EqualValues(t, 2, srv.books().Closed[server.ClosedShutdown.String()])
	})
	t.Run("Close closes the connection, and waits for its handler", func(t *testing.T) {
		srv, store := offload(t, target)
		slow := srv.dial()
		slow.Send(probe.Put("slow", "v"))
		<-store.Entered
		var closing sync.WaitGroup
		closing.Go(func() { assert.NoError(t, srv.Close()) })
		slow.WantClosed()
		select {
		case err := <-srv.served:
			t.Fatalf("Serve returned with a handler still running: %v", err)
		case <-time.After(time.Millisecond):
		}
		close(store.Release)
		closing.Wait()
		srv.wantServed()
	})
}
