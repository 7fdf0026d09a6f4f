package iouring

import (
	"log/slog"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servertest"
	"github.com/ioflavors/ioflavors/iouring/ring"
)

// crowded is a ring that always has more completions after a Wait.
type crowded struct{ uring }

func (c crowded) Wait(time.Duration) ([]ring.Completion, error) {
	done, err := c.uring.Wait(0)
	for range 20 {
		// This one is about no client, because generations begin with 1.
		done = append(done, ring.Completion{Token: ring.NewToken(0, 0, ring.Recv), Result: 1, Flags: ring.FlagMore})
	}
	return done, err
}

func (crowded) Behind() bool { return true }

// Clocks are judged even if the kernel always has more completions: as of a time by which
// everything must have been reported.
func TestClocksAreLookedAtHoweverManyAreBusy(t *testing.T) {
	Need(t)
	srv := newServer(Config{Config: server.Config{Limits: server.Limits{IdleTimeout: time.Millisecond}}}, kernel{
		calls: system.calls,
		open: func() (uring, error) {
			r, err := system.open()
			return crowded{r}, err
		},
	})
	addr := servertest.Serve(t, srv)

	client, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer client.Close()
	require.NoError(t, client.SetReadDeadline(time.Now().Add(time.Minute)))
	_, err = client.Read(make([]byte, 1))
	assert.ErrorContains(t, err, "EOF", "it was idle")
}

// behind is a ring that always says that more completions will come.
type behind struct{ uring }

func (behind) Behind() bool { return true }

// A client that must give up its memory is closed at once, even while clocks are not
// judged. Once it was not, and other clients lacked that memory.
func TestWhoIsToldToGoIsClosedThoughMoreIsToCome(t *testing.T) {
	Need(t)
	limits := server.Limits{MemoryLimit: 4 << 20, MaxConns: 16}
	srv := newServer(Config{Config: server.Config{Limits: limits}}, kernel{
		calls: system.calls,
		open: func() (uring, error) {
			r, err := system.open()
			return behind{r}, err
		},
	})
	addr := servertest.Serve(t, srv)

	frame := probe.Put("k", strings.Repeat("v", 1<<20-100))
	closed := make(chan error, 4)
	for _, size := range []int{900_000, 900_000, 900_000, 200_000} { // buffers of 3 MiB, still allowed, and of 256 KiB more
		client, err := net.Dial("tcp", addr)
		require.NoError(t, err)
		defer client.Close()
		require.NoError(t, client.SetReadDeadline(time.Now().Add(time.Minute)))
		go func() {
			_, err := client.Read(make([]byte, 1))
			closed <- err
		}()
		_, err = client.Write(frame[:size])
		require.NoError(t, err)
	}
	assert.NotErrorIs(t, <-closed, os.ErrDeadlineExceeded, "it held most")
}

// failing is a ring that fails for good, once it is told to.
type failing struct {
	uring
	now *atomic.Bool
}

func (f failing) Wait(timeout time.Duration) ([]ring.Completion, error) {
	done, err := f.uring.Wait(timeout)
	if f.now.Load() {
		return nil, syscall.EBADF
	}
	return done, err
}

// When the ring fails the server ends, and leaves no client waiting.
func TestTheRingsEndIsTheClients(t *testing.T) {
	Need(t)
	var now atomic.Bool
	srv := newServer(Config{Config: server.Config{Logger: slog.New(slog.DiscardHandler)}}, kernel{
		calls: system.calls,
		open: func() (uring, error) {
			r, err := system.open()
			return failing{r, &now}, err
		},
	})
	served := make(chan error)
	ln := listen(t)
	go func() { served <- srv.Serve(ln) }()
	client := probe.Dial(t.Context(), t, ln.Addr().String())
	client.Send(probe.Put("k", "v"))
	client.Want(probe.Stored)
	now.Store(true)
	client.Send(probe.Put("k", "v"))
	require.ErrorIs(t, <-served, syscall.EBADF)
	client.WantClosed()
	assert.Zero(t, srv.Stats().Active)
}
