package iouring

import (
	"errors"
	"fmt"
	"log/slog"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/iouring/ring"
)

// asked is a ring that only counts its calls.
type asked struct {
	uring
	accepts, wakes, recvs, sends, cancels int
}

func (r *asked) Accept(int, ring.Token) { r.accepts++ }
func (r *asked) Wake()                  { r.wakes++ }

func (r *asked) Recv(int, ring.Token)         { r.recvs++ }
func (r *asked) Send(int, []byte, ring.Token) { r.sends++ }
func (r *asked) Cancel(ring.Token)            { r.cancels++ }

// quietLoop returns a loop that does not run.
func quietLoop(t *testing.T) (*loop, *asked) {
	r := new(asked)
	cfg := server.Config{Limits: server.Limits{MaxConns: 1}, Logger: slog.New(slog.DiscardHandler)}
	k := kernel{calls: system.calls, open: func() (uring, error) { return r, nil }}
	l, err := (&model{core: server.NewCore(cfg, server.Traits{}, 1), kernel: k}).open(listen(t))
	require.NoError(t, err)
	t.Cleanup(l.acceptor.close)
	return l, r
}

// The acceptor queues one accept operation, and another when that has ended. After a
// failure it waits for the end of the pause. After a client the next pause is short again.
func TestTheKernelIsToldToAcceptWhenThePauseIsOver(t *testing.T) {
	l, r := quietLoop(t)
	now, told := time.Duration(0), 0
	ask := func() bool {
		l.acceptor.ask(server.Serving, now)
		more := r.accepts > told
		told = r.accepts
		return more
	}
	completed := func(result syscall.Errno) {
		_, ok := l.acceptor.completed(ring.Completion{Result: -int32(result), Flags: 0}, now)
		assert.Equal(t, result == 0, ok)
	}
	require.True(t, ask())
	require.False(t, ask(), "it accepts already")
	const ms = time.Millisecond
	for _, step := range []struct {
		result syscall.Errno
		pause  time.Duration
	}{
		{unix.EMFILE, 5 * ms}, {unix.ENFILE, 10 * ms}, {0, 0}, {unix.EMFILE, 5 * ms}, {unix.ECONNABORTED, 0}, {unix.EMFILE, 10 * ms},
	} {
		completed(step.result)
		at, waits := l.acceptor.resumes()
		assert.Equal(t, step.pause > 0, waits && at > now)
		if step.pause > 0 {
			assert.Equal(t, now+step.pause, at)
			now = at - 1
			assert.False(t, ask())
			now = at
		}
		require.True(t, ask())
	}
	completed(unix.EMFILE)
	assert.True(t, func() bool { _, waits := l.acceptor.resumes(); return waits }())
	l.acceptor.close()
	_, waits := l.acceptor.resumes()
	assert.False(t, waits, "no client will be accepted")
}

// When the server ends, the kernel is told once to accept no more.
func TestTheKernelIsToldOnceToAcceptNoMore(t *testing.T) {
	l, r := quietLoop(t)
	l.acceptor.ask(server.Draining, 0)
	assert.Zero(t, r.cancels, "it does not accept")
	l.acceptor.ask(server.Serving, 0)
	require.Zero(t, r.cancels)
	l.acceptor.ask(server.Draining, 0)
	l.acceptor.ask(server.Draining, 0)
	assert.Equal(t, 1, r.cancels)
}

// Closing a connection may free the descriptor that accept lacked.
func TestAClosedConnectionEndsThePauseOfAccepting(t *testing.T) {
	l, r := quietLoop(t)
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	require.NoError(t, err)
	defer unix.Close(fds[1])
	l.add(fds[0], "")
	l.acceptor.ask(server.Serving, 0)
	l.acceptor.completed(ring.Completion{Result: -int32(unix.EMFILE)}, 0)
	l.acceptor.ask(server.Serving, 0)
	require.Equal(t, 1, r.accepts)

	l.close(l.byFD[fds[0]])
	_, waits := l.acceptor.resumes()
	assert.False(t, waits)
	l.acceptor.ask(server.Serving, 0)
	assert.Equal(t, 2, r.accepts)
}

// While the kernel refuses a loop's operations, the pauses double, until it takes some.
// The server's end ends the pauses.
func TestPausesAfterRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core := server.NewCore(server.Config{Logger: slog.New(slog.DiscardHandler)}, server.Traits{}, 1)
		l := &loop{core: core, pauses: pauses{over: make(chan struct{}, 1)}}
		refused := fmt.Errorf("io_uring_enter: %w", ring.ErrRefused)
		pause := func(err error) time.Duration {
			start := time.Now()
			assert.Equal(t, errors.Is(err, ring.ErrRefused), l.refused(err))
			return time.Since(start)
		}
		const ms = time.Millisecond
		for range 2 {
			assert.Equal(t, 5*ms, pause(refused))
			assert.Equal(t, 10*ms, pause(refused))
			assert.Zero(t, pause(nil))
		}
		assert.Zero(t, pause(unix.EINVAL), "that does not pass")
		assert.Equal(t, 5*ms, pause(refused))
		time.AfterFunc(3*ms, l.pauses.end)
		assert.Equal(t, 3*ms, pause(refused))
		core.Fail()
		assert.False(t, l.refused(refused), "a closed server waits for no client")
	})
}

// Wake reaches a loop wherever it waits: in the kernel or in a pause.
func TestWakeEndsAPauseToo(t *testing.T) {
	l, r := quietLoop(t)
	m := &model{core: l.core, loop: l}
	m.Wake()
	m.Wake() // does not block, although the first is not noticed yet
	assert.True(t, l.woken.Load())
	assert.Equal(t, 2, r.wakes)
	assert.Len(t, l.pauses.over, 1)
}

// The loop queues each operation once: the receive, its cancellation, and the cancellation
// of the wait for space. It closes the socket when all have ended, and not before.
func TestTheKernelIsToldEverythingOnce(t *testing.T) {
	l, r := quietLoop(t)
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	require.NoError(t, err)
	defer unix.Close(fds[1])
	l.add(fds[0], "")
	c := l.byFD[fds[0]]
	twice := func() {
		l.next(c)
		if l.byFD[fds[0]] != nil {
			l.next(c)
		}
	}
	twice()
	assert.Equal(t, asked{recvs: 1}, *r)
	c.doing |= awaiting // as after a send that fell short
	c.Abort(nil)
	twice()
	assert.Equal(t, asked{recvs: 1, cancels: 2}, *r)
	l.received(c, ring.Completion{Result: -int32(unix.ECANCELED)})
	twice()
	assert.Equal(t, 1, l.open)
	l.writable(c, ring.Completion{Result: -int32(unix.ECANCELED)})
	twice()
	assert.Equal(t, asked{recvs: 1, cancels: 2}, *r)
	assert.Zero(t, l.open)
	assert.Nil(t, l.byFD[fds[0]])
	assert.Zero(t, l.core.Lifecycle(nil).Stats().Active)
}

// A held client is judged when all completions from before its arrival are handled,
// because one of them may say that another client has left.
func TestAHeldClientIsJudgedWhenAllIsTaken(t *testing.T) {
	l, _ := quietLoop(t)
	require.Empty(t, l.core.Admit(), "the only place is taken")
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	require.NoError(t, err)
	defer unix.Close(fds[1])
	l.acceptor.Admit(fds[0], l.add)
	l.cutoff.Begin(time.Second, 1, l.acceptor.Held())
	l.endIteration()
	assert.True(t, l.acceptor.Holding())
	assert.Zero(t, l.open)
	l.cutoff.Handled(1, false)
	l.endIteration()
	assert.False(t, l.acceptor.Holding())
	require.Equal(t, 1, l.open)
	assert.Contains(t, string(l.byFD[fds[0]].Output()), "refused")
	l.close(l.byFD[fds[0]])
}
