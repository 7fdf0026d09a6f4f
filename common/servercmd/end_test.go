//go:build unix

package servercmd

import (
	"bytes"
	"context"
	"flag"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/asynclog"
	"github.com/ioflavors/ioflavors/common/server"
)

// unread is a full pipe without a reader, until the test ends.
type unread struct{ over chan struct{} }

func newUnread(t *testing.T) unread {
	u := unread{make(chan struct{})}
	t.Cleanup(func() { close(u.over) })
	return u
}

func (u unread) Write(p []byte) (int, error) {
	<-u.over
	return len(p), nil
}

// A command ends although no reader takes its last words.
func TestNoExitWaitsForAReader(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = busy.Close() })
	for _, end := range []struct {
		args []string
		code int
	}{
		{[]string{"--help"}, 0},
		{[]string{"--max-conns", "none"}, 2},
		{[]string{"--addr", busy.Addr().String()}, 1},
		{[]string{"--debug-addr", busy.Addr().String(), "--addr", "127.0.0.1:0"}, 1},
	} {
		t.Run(end.args[0], func(t *testing.T) {
			t.Parallel()
			full := newUnread(t)
			assert.Equal(t, end.code, Run(context.Background(), program(command), end.args, full, full))
		})
	}
}

// If the reader has gone, the program must still end with its exit code. SIGPIPE would
// end it without one.
func TestAReaderThatHasGoneChangesNoExitCode(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	for arg, code := range map[string]int{"--help": 0, "--no-such-flag": 2, "--addr=192.0.2.1:0": 1} {
		r, w, err := os.Pipe()
		require.NoError(t, err)
		require.NoError(t, r.Close())
		cmd := exec.Command(self, arg)
		cmd.Env = append(os.Environ(), asServer+"=1")
		cmd.Stdout, cmd.Stderr = w, w
		_ = cmd.Run()
		require.NoError(t, w.Close())
		assert.Equal(t, code, cmd.ProcessState.ExitCode(), "%s: %v", arg, cmd.ProcessState)
	}
}

// fakeModel is a model whose Run is the test's function.
type fakeModel struct {
	*server.Core
	log   *slog.Logger
	run   func(*fakeModel) error
	woken chan struct{}
}

func (m *fakeModel) Run(net.Listener) error { return m.run(m) }

func (m *fakeModel) Wake() {
	select {
	case m.woken <- struct{}{}:
	default:
	}
}

// runModel runs the command of a fakeModel.
func runModel(ctx context.Context, stderr io.Writer, run func(*fakeModel) error) (code int) {
	c := server.Command{Flags: func(*flag.FlagSet) func(server.Config) (server.Server, error) {
		return func(cfg server.Config) (server.Server, error) {
			core := server.NewCore(cfg, server.Traits{}, 1)
			return core.Lifecycle(&fakeModel{core, cfg.Logger, run, make(chan struct{}, 1)}), nil
		}
	}}
	return Run(ctx, program(c), []string{"--addr", "127.0.0.1:0"}, io.Discard, stderr)
}

// transcript is the output so far, for several goroutines.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (tr *transcript) Write(p []byte) (int, error) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.text.Write(p)
}

func (tr *transcript) String() string {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.text.String()
}

// The line "listening" comes only after Ready, so a client that connects after it is
// served.
func TestListeningIsLoggedWhenTheModelIsReady(t *testing.T) {
	var said transcript
	code := runModel(context.Background(), &said, func(m *fakeModel) error {
		if h, ok := m.log.Handler().(*asynclog.Handler); assert.True(t, ok) {
			assert.True(t, h.Flush(time.Minute))
		}
		assert.Empty(t, said.String(), "before it is ready")
		m.Ready()
		assert.Eventually(t, func() bool { return strings.Contains(said.String(), "listening") }, time.Minute, time.Millisecond)
		return io.ErrUnexpectedEOF
	})
	assert.Equal(t, 1, code)
	assert.Contains(t, said.String(), io.ErrUnexpectedEOF.Error())
}

// A signal may come while a model is still starting.
func TestASignalBeforeTheModelIsReadyEndsIt(t *testing.T) {
	var said transcript
	code := runModel(context.Background(), &said, func(m *fakeModel) error {
		assert.NoError(t, syscall.Kill(os.Getpid(), syscall.SIGTERM))
		<-m.woken
		return server.ErrServerClosed
	})
	assert.Zero(t, code)
	assert.NotContains(t, said.String(), "listening")
	assert.Contains(t, said.String(), "stopped")
}

// A program that runs the command may have got a signal before the command listens for
// signals.
func TestASignalBeforeTheStartIsHeard(t *testing.T) {
	ctx, signalled := context.WithCancel(context.Background())
	signalled()
	var said transcript
	assert.Zero(t, runModel(ctx, &said, func(*fakeModel) error {
		assert.Fail(t, "it was started")
		return io.ErrUnexpectedEOF
	}))
	assert.Empty(t, said.String())
}

// stuckServer cannot end, because one of its handlers does not return.
type stuckServer struct {
	server.Server
	over chan struct{}
}

func (s stuckServer) Shutdown(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func (s stuckServer) Close() error {
	<-s.over
	return nil
}

func (s stuckServer) Stats() server.Stats { return server.Stats{Active: 1} }

func TestAHandlerThatDoesNotReturnDoesNotOutlastTheDrainTimeoutByMuch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var o options
		o.Logger, o.DrainTimeout = slog.New(slog.DiscardHandler), 3*time.Second
		srv := stuckServer{over: make(chan struct{})}
		began := time.Now()
		err := o.drain(srv, nil)
		assert.ErrorContains(t, err, "still being handled")
		assert.Equal(t, o.DrainTimeout+closeTimeout, time.Since(began))
		close(srv.over)
	})
}
