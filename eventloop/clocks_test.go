//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package eventloop

import (
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/eventloop/poller"
)

// crowded is a poller whose batches are always full, as with many busy clients.
type crowded struct {
	watcher
	first int // the first watched descriptor
}

func (c *crowded) Add(fd int, want session.Interest) error {
	if c.first == 0 {
		c.first = fd
	}
	return c.watcher.Add(fd, want)
}

func (c *crowded) Wait(time.Duration) ([]poller.Event, error) {
	events, err := c.watcher.Wait(0)
	for len(events) < system.batch {
		events = append(events, poller.Event{FD: c.first, Ready: session.Read})
	}
	return events, err
}

// Clocks are judged even when every batch is full. Once they were not.
func TestClocksAreLookedAtHoweverManyAreBusy(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	k := system
	k.newWatcher = func(batch int) (watcher, error) {
		p, err := poller.New(batch)
		return &crowded{watcher: p}, err
	}
	srv := newServer(Config{Config: server.Config{Limits: server.Limits{IdleTimeout: time.Millisecond}}}, k)
	served := make(chan error)
	go func() { served <- srv.Serve(ln) }()

	client, err := net.Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	defer client.Close()
	require.NoError(t, client.SetReadDeadline(time.Now().Add(time.Minute)))
	_, err = client.Read(make([]byte, 1))
	assert.ErrorContains(t, err, "EOF", "it was idle")
	require.NoError(t, srv.Close())
	assert.ErrorIs(t, <-served, server.ErrServerClosed)
}
