package servertest

import (
	"context"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
	"github.com/ioflavors/ioflavors/common/server"
)

// testBrokenListener breaks a server's listener permanently. No client can
// connect any more, so Serve must return the error, and must close the connected
// clients.
func testBrokenListener(t *testing.T, target Target) {
	ln := listen(t)
	socket := -1 // a duplicate, which stays open when the listener is closed
	raw, err := ln.(*net.TCPListener).SyscallConn()
	require.NoError(t, err)
	require.NoError(t, raw.Control(func(fd uintptr) { socket, err = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0) }))
	require.NoError(t, err)
	defer unix.Close(socket)

	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	srv := newServer(t, target, server.Config{Limits: unhurried, Logger: slog.New(slog.DiscardHandler)})
	defer srv.Close()
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	c := &client{probe.Dial(ctx, t, ln.Addr().String()), target.serves().Open()}
	c.talk("k")
	if target.OneAtATime() { // while it serves a client it does not accept, so it would not notice
		c.Close()
	}

	require.NoError(t, unix.Shutdown(socket, unix.SHUT_RDWR))
	select {
	case err = <-served:
	case <-time.After(patience):
		t.Fatalf("Serve has not returned; %+v", srv.Stats())
	}
	require.ErrorIs(t, err, unix.EINVAL)
	require.NotErrorIs(t, err, server.ErrServerClosed)
	if !target.OneAtATime() {
		c.WantClosed()
		assert.EqualValues(t, 1, srv.Stats().Closed[server.ClosedKilled.String()])
	}
	assert.Zero(t, srv.Stats().Active)
}
