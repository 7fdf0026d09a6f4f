//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package eventloop

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/eventloop/poller"
)

// unwilling is a poller that watches no socket for room to write.
type unwilling struct{ watcher }

func (u unwilling) Modify(fd int, want session.Interest) error {
	if want&session.Write != 0 {
		return os.NewSyscallError("epoll_ctl", unix.ENOMEM)
	}
	return u.watcher.Modify(fd, want)
}

// The loop closes a client that the poller cannot watch, because no event would ever
// say that its socket has room.
func TestAClientThatCannotBeWatchedIsClosed(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	k := system
	k.newWatcher = func(batch int) (watcher, error) {
		p, err := poller.New(batch)
		return unwilling{p}, err
	}
	srv := newServer(Config{Config: server.Config{Logger: slog.New(slog.DiscardHandler)}}, k)
	served := make(chan error)
	go func() { served <- srv.Serve(ln) }()

	client, err := net.Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	defer client.Close()
	_, err = client.Write(probe.Put("k", strings.Repeat("v", 1<<19)))
	require.NoError(t, err)
	_, err = client.Write(bytes.Repeat(probe.Get("k"), 100)) // more than sockets hold
	require.NoError(t, err)
	require.Eventually(t, func() bool { return srv.Stats().Closed[server.ClosedFailed.String()] == 1 }, time.Minute, time.Millisecond)
	require.NoError(t, client.SetReadDeadline(time.Now().Add(time.Minute)))
	_, err = io.Copy(io.Discard, client)
	assert.False(t, errors.Is(err, os.ErrDeadlineExceeded), "the socket is closed")
	require.NoError(t, srv.Close())
	assert.ErrorIs(t, <-served, server.ErrServerClosed)
}
