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

	"github.com/ioflavors/ioflavors/common/kvserver"
	"github.com/ioflavors/ioflavors/iouring/ring"
)

// asked is a ring that does nothing, and counts what it is asked for.
type asked struct {
	uring
	accepts, wakes int
}

func (r *asked) Accept(int, ring.Token) { r.accepts++ }
func (r *asked) Wake()                  { r.wakes++ }

// quietLoop returns a loop that does not run.
func quietLoop(t *testing.T) (*loop, *asked) {
	r := new(asked)
	cfg := kvserver.Config{Logger: slog.New(slog.DiscardHandler)}
	k := kernel{calls: system.calls, open: func() (uring, error) { return r, nil }}
	l, err := (&model{host: kvserver.NewHost(cfg, kvserver.Traits{}, 1), kernel: k}).open(listen(t))
	require.NoError(t, err)
	t.Cleanup(l.front.close)
	return l, r
}

// The kernel is told to accept once, and again when it has ended that; after a failure
// not before the pause is over, which is as short as the first after each client.
func TestTheKernelIsToldToAcceptWhenThePauseIsOver(t *testing.T) {
	l, r := quietLoop(t)
	now, told := time.Duration(0), 0
	ask := func() bool {
		l.front.ask(kvserver.Serving, now)
		more := r.accepts > told
		told = r.accepts
		return more
	}
	completed := func(result syscall.Errno) {
		_, ok := l.front.completed(ring.Completion{Result: -int32(result), Flags: 0}, now)
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
		at, waits := l.front.resumes()
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
	assert.True(t, func() bool { _, waits := l.front.resumes(); return waits }())
	l.front.close()
	_, waits := l.front.resumes()
	assert.False(t, waits, "nobody will be accepted")
}

// A connection that is closed may be what a new client lacked.
func TestAClosedConnectionEndsThePauseOfAccepting(t *testing.T) {
	l, r := quietLoop(t)
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	require.NoError(t, err)
	defer unix.Close(fds[1])
	l.add(fds[0], "")
	l.front.ask(kvserver.Serving, 0)
	l.front.completed(ring.Completion{Result: -int32(unix.EMFILE)}, 0)
	l.front.ask(kvserver.Serving, 0)
	require.Equal(t, 1, r.accepts)

	l.close(l.conns[fds[0]])
	_, waits := l.front.resumes()
	assert.False(t, waits)
	l.front.ask(kvserver.Serving, 0)
	assert.Equal(t, 2, r.accepts)
}

// When the kernel refuses a loop's operations the pauses double, until it takes some;
// the server's end ends them.
func TestPausesAfterRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := kvserver.NewHost(kvserver.Config{Logger: slog.New(slog.DiscardHandler)}, kvserver.Traits{}, 1)
		l := &loop{host: host, pauses: pauses{over: make(chan struct{}, 1)}}
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
		host.Fail()
		assert.False(t, l.refused(refused), "nobody is waited for when the server is closed")
	})
}

// The server's end reaches a loop wherever it waits: in the kernel or in a pause.
func TestWakeEndsAPauseToo(t *testing.T) {
	l, r := quietLoop(t)
	m := &model{host: l.host, loop: l}
	m.Wake()
	m.Wake() // nobody waits for the first to be noticed
	assert.True(t, l.woken.Load())
	assert.Equal(t, 2, r.wakes)
	assert.Len(t, l.pauses.over, 1)
}
