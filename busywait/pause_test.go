//go:build unix

package busywait

import (
	"context"
	"log/slog"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ioflavors/ioflavors/common/nonblocking"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/sock"
)

// oneDescriptor is a kernel with a descriptor for one client at a time. The first read of
// each client finds that it has left.
type oneDescriptor struct {
	sock.Kernel
	open   bool
	left   int      // clients in the listen queue
	rounds []string // the calls of each round
}

func (k *oneDescriptor) note(what string) { k.rounds[len(k.rounds)-1] += what }

func (k *oneDescriptor) Listen(net.Listener) (int, error) { return 1, nil }
func (k *oneDescriptor) Read(int, []byte) (int, error)    { return 0, nil }
func (k *oneDescriptor) CloseWrite(int) error             { return nil }

func (k *oneDescriptor) Accept(int) (int, error) {
	if k.left == 0 {
		return -1, unix.EAGAIN
	}
	if k.open {
		k.note(" lacks")
		return -1, unix.EMFILE
	}
	k.open = true
	k.left--
	k.note(" accept")
	return 2, nil
}

func (k *oneDescriptor) Close(fd int) error {
	if fd == 2 {
		k.open = false
		k.note(" close")
	}
	return nil
}

// Closing a connection may free the descriptor that accept lacked. So the server accepts
// in the same round, without waiting for the end of the pause.
func TestAClosedConnectionEndsThePauseOfAccepting(t *testing.T) {
	k := &oneDescriptor{left: 5, rounds: []string{""}}
	cfg := server.Config{Logger: slog.New(slog.DiscardHandler)}
	var srv *Server
	srv = newServer(Config{Config: cfg}, sock.Calls{Kernel: k}, func() {
		if k.rounds = append(k.rounds, ""); len(k.rounds) == 4 {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_ = srv.Shutdown(ctx)
		}
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	assert.Equal(t, server.ErrServerClosed, srv.Serve(ln))
	assert.Equal(t, []string{" accept lacks", " close accept lacks", " close accept lacks"}, k.rounds[:3])
}

// crowd is a kernel whose listen queue always holds one more client. Its clients are
// silent.
type crowd struct {
	sock.Kernel
	accepted, closed int
	full             bool // no more clients come
}

func (k *crowd) Listen(net.Listener) (int, error) { return 1, nil }
func (k *crowd) Read(int, []byte) (int, error)    { return -1, unix.EAGAIN }

func (k *crowd) Accept(int) (int, error) {
	if k.full {
		return -1, unix.EAGAIN
	}
	k.accepted++
	return 1 + k.accepted, nil
}
func (k *crowd) CloseWrite(int) error { return nil }
func (k *crowd) Close(int) error      { k.closed++; return nil }

// A round accepts a bounded number of clients, so new clients do not keep the connected
// ones waiting. One at a time leaves the others in the listen queue.
func TestOnlySoManyAreAcceptedInARound(t *testing.T) {
	for oneAtATime, perRound := range map[bool][]int{
		false: {nonblocking.AcceptsPerIteration, 2 * nonblocking.AcceptsPerIteration},
		true:  {1, 1},
	} {
		k := new(crowd)
		cfg := server.Config{Logger: slog.New(slog.DiscardHandler)}
		var srv *Server
		var accepted []int
		srv = newServer(Config{Config: cfg, OneAtATime: oneAtATime}, sock.Calls{Kernel: k}, func() {
			if accepted = append(accepted, k.accepted); len(accepted) == len(perRound) {
				ctx, cancel := context.WithCancel(t.Context())
				cancel()
				_ = srv.Shutdown(ctx)
				k.full = true
			}
		})
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		assert.Equal(t, server.ErrServerClosed, srv.Serve(ln))
		assert.Equal(t, perRound, accepted[:len(perRound)])
		assert.Equal(t, k.accepted+1, k.closed, "and the listener")
	}
}
