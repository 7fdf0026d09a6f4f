package kvclient_test

import (
	"errors"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/buffer"
	"github.com/ioflavors/ioflavors/common/kv"
	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/common/store"
)

// outputLimit is small, so that the server stops reading early.
const outputLimit = 10_000

var errStore = errors.New("no room for this")

// limitedStore refuses to store under one key.
type limitedStore struct{ store.Store }

func (s limitedStore) Put(key, value []byte) error {
	if string(key) == "refused" {
		return errStore
	}
	return s.Store.Put(key, value)
}

// serve returns the address of a server that speaks the protocol.
func serve(t testing.TB) string {
	cfg := &session.Config{
		Protocol:   kv.NewHandler(limitedStore{store.NewSharded(0)}),
		Buffers:    buffer.NewPool(1 << 30),
		MaxRequest: 1 << 20,
		OutputHigh: outputLimit,
		OutputLow:  outputLimit / 4,
	}
	return listen(t, func(conn net.Conn) {
		s := session.New(cfg)
		defer s.Release()
		buf := make([]byte, 4096)
		for s.Wants() != 0 {
			if out := s.Output(); len(out) > 0 {
				n, err := conn.Write(out)
				s.Sent(n)
				if err != nil {
					s.Abort(err)
				}
				continue
			}
			if s.Lingering() {
				_ = conn.(*net.TCPConn).CloseWrite()
			}
			n, err := conn.Read(buf)
			s.Feed(buf[:n])
			if err != nil {
				s.FeedEOF()
			}
		}
	})
}

// listen returns the address of a server that calls handle for each connection, and
// then closes it.
func listen(t testing.TB, handle func(net.Conn)) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer conn.Close()
				handle(conn)
			})
		}
	})
	t.Cleanup(func() {
		ln.Close()
		serving.Wait()
	})
	return ln.Addr().String()
}
