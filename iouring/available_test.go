package iouring

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/sock"
	"github.com/ioflavors/ioflavors/iouring/ring"
)

// unserved expects Serve to fail and to leave nothing behind, and returns Serve's
// error. TestMain checks that no goroutine is left.
func unserved(t *testing.T, k kernel, ln net.Listener) error {
	t.Helper()
	cfg := Config{server.Config{Ready: func() { assert.Fail(t, "it said that it would serve") }}}
	srv := newServer(cfg, k)
	err := srv.Serve(ln)
	require.Error(t, err)
	require.NotErrorIs(t, err, server.ErrServerClosed, "the server was not closed")
	_, listening := ln.Accept()
	assert.ErrorIs(t, listening, net.ErrClosed, "Serve closes the listener")

	assert.NoError(t, srv.Shutdown(context.Background()))
	assert.NoError(t, srv.Close())
	assert.Zero(t, srv.Stats().Accepted)
	assert.Zero(t, srv.Stats().BufferBytes)
	return err
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { ln.Close() })
	return ln
}

// Where a server cannot serve, Serve's error says so, and why.
func TestServeSaysWhyThereIsNoRing(t *testing.T) {
	why := fmt.Errorf("%w: the moon is not full: %w", ring.ErrUnavailable, syscall.EPERM)
	k := kernel{calls: sock.System, open: func() (uring, error) { return nil, unavailable(why) }}
	err := unserved(t, k, listen(t))
	assert.ErrorIs(t, err, server.ErrUnavailable)
	assert.ErrorIs(t, err, ring.ErrUnavailable)
	assert.ErrorIs(t, err, syscall.EPERM)
	assert.ErrorContains(t, err, "the moon is not full")
}

// Not every failure means that io_uring is unavailable: with more descriptors the
// next attempt would succeed.
func TestServeTellsAFailureFromUnavailability(t *testing.T) {
	k := kernel{calls: sock.System, open: func() (uring, error) { return nil, unavailable(syscall.EMFILE) }}
	err := unserved(t, k, listen(t))
	assert.ErrorIs(t, err, syscall.EMFILE)
	assert.NotErrorIs(t, err, server.ErrUnavailable)
}

// closing is a ring that only counts how often it is closed.
type closing struct {
	uring
	closed int
}

func (c *closing) Close() error {
	c.closed++
	return nil
}

// deafCalls is a kernel on which Listen fails.
type deafCalls struct{ sock.Kernel }

var errDeaf = errors.New("nobody listens")

func (deafCalls) Listen(net.Listener) (int, error) { return -1, errDeaf }

func TestARingIsClosedIfItsServerCannotListen(t *testing.T) {
	if !sock.Supported {
		t.Skip(sock.ErrUnsupported)
	}
	r := new(closing)
	k := kernel{calls: sock.Calls{Kernel: deafCalls{}}, open: func() (uring, error) { return r, nil }}
	assert.ErrorIs(t, unserved(t, k, listen(t)), errDeaf)
	assert.Equal(t, 1, r.closed)
}
