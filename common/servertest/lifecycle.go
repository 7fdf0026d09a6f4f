package servertest

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/server"
)

// testLifecycle tests the methods that start and end a server, in every order.
func testLifecycle(t *testing.T, target Target) {
	ends := []struct {
		name string
		end  func(server.Server) error
	}{
		{"Shutdown", func(srv server.Server) error { return srv.Shutdown(context.Background()) }},
		{"Close", server.Server.Close},
	}
	for _, e := range ends {
		t.Run(e.name+" while serving", func(t *testing.T) {
			srv := start(t, target, server.Config{})
			srv.visit("k")
			require.NoError(t, e.end(srv))
			srv.wantServed()
			_, err := net.Dial("tcp", srv.addr)
			require.Error(t, err, "the listener should be closed")
		})
		t.Run(e.name+" before Serve", func(t *testing.T) {
			srv := newServer(t, target, server.Config{})
			require.NoError(t, e.end(srv))
			ln := listen(t)
			require.ErrorIs(t, srv.Serve(ln), server.ErrServerClosed)
			_, err := ln.Accept()
			require.ErrorIs(t, err, net.ErrClosed, "Serve should have closed the listener")
			require.ErrorIs(t, srv.ListenAndServe("127.0.0.1:0"), server.ErrServerClosed)
		})
		t.Run(e.name+" as Serve begins", func(t *testing.T) {
			for range 50 {
				srv := newServer(t, target, server.Config{})
				ln := listen(t)
				served := make(chan error, 1)
				go func() { served <- srv.Serve(ln) }()
				require.NoError(t, e.end(srv))
				require.ErrorIs(t, <-served, server.ErrServerClosed)
			}
		})
		t.Run(e.name+" again and again", func(t *testing.T) {
			srv := start(t, target, server.Config{})
			srv.visit("k")
			for range 3 {
				require.NoError(t, e.end(srv))
			}
		})
	}
	t.Run("Ready", func(t *testing.T) {
		ready := make(chan struct{}, 2)
		srv := start(t, target, server.Config{Ready: func() { ready <- struct{}{} }})
		select {
		case <-ready:
		case <-time.After(patience):
			t.Fatal("Ready is never called")
		}
		srv.visit("k")
		require.NoError(t, srv.Close())
		srv.wantServed()
		require.Empty(t, ready, "Ready is called once")
	})
	t.Run("Shutdown and Close at once", func(t *testing.T) {
		srv := start(t, target, server.Config{})
		srv.occupy(target)
		var wg sync.WaitGroup
		for range 8 {
			for _, e := range ends {
				wg.Go(func() { assert.NoError(t, e.end(srv)) })
			}
		}
		wg.Wait()
		srv.wantServed()
		assert.Zero(t, srv.books().Active)
	})
	t.Run("Close ends every connection", func(t *testing.T) {
		srv := start(t, target, server.Config{})
		clients := srv.occupy(target)
		require.NoError(t, srv.Close())
		for _, c := range clients {
			c.WantClosed()
		}
		assert.EqualValues(t, len(clients), srv.books().Closed[server.ClosedKilled.String()])
	})
	t.Run("a listener that breaks", func(t *testing.T) { testBrokenListener(t, target) })
	t.Run("Serve a second time", func(t *testing.T) {
		srv := start(t, target, server.Config{})
		srv.visit("k")
		ln := listen(t)
		err := srv.Serve(ln)
		require.Error(t, err)
		require.NotErrorIs(t, err, server.ErrServerClosed, "the server is not closed, it is in use")
		_, err = ln.Accept()
		require.ErrorIs(t, err, net.ErrClosed, "Serve should have closed the listener")
		srv.visit("k")
	})
	t.Run("ListenAndServe", func(t *testing.T) {
		busy := listen(t)
		for _, addr := range []string{busy.Addr().String(), "127.0.0.1", "127.0.0.1:99999", "127.0.0.1:no", "[::1:0", "192.0.2.1:0"} {
			srv := newServer(t, target, server.Config{})
			err := srv.ListenAndServe(addr)
			require.Error(t, err, addr)
			require.NotErrorIs(t, err, server.ErrServerClosed, addr)
			require.NoError(t, srv.Close())
		}
	})
	t.Run("Stats of a new server", func(t *testing.T) {
		srv := newServer(t, target, server.Config{})
		st := srv.Stats()
		assert.Empty(t, st.Closed)
		require.NotNil(t, st.Store)
		assert.Zero(t, st.Store.Bytes)
		assert.Positive(t, st.Store.Limit)
		st.Closed, st.Store = nil, nil
		assert.Equal(t, server.Stats{}, st)
		require.NoError(t, srv.Close())
	})
	t.Run("Stats count", func(t *testing.T) {
		srv := start(t, target, server.Config{})
		const visits = 5
		for range visits {
			srv.visit("k")
		}
		srv.settle()
		st := srv.books()
		assert.EqualValues(t, visits, st.Accepted)
		assert.EqualValues(t, visits, st.Closed[server.ClosedByPeer.String()])
		assert.EqualValues(t, 2*visits, st.Requests)
		assert.Positive(t, st.BytesIn)
		assert.Positive(t, st.BytesOut)
	})
}

func listen(t *testing.T) net.Listener {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { ln.Close() })
	return ln
}
