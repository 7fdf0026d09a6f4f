package ring

import (
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// refuse makes the next calls of io_uring_enter fail.
func refuse(r *Ring, errno syscall.Errno, times int) {
	refused := func(call syscall6) syscall6 {
		return func(trap, a1, a2, a3, a4, a5, a6 uintptr) (r1, r2 uintptr, err syscall.Errno) {
			if times > 0 {
				times--
				return ^uintptr(0), 0, errno
			}
			return call(trap, a1, a2, a3, a4, a5, a6)
		}
	}
	r.quick, r.slow = refused(r.quick), refused(r.slow)
}

// If the kernel lacks memory only for a moment, Wait returns no error.
func TestOneRefusalIsNoError(t *testing.T) {
	for _, errno := range []syscall.Errno{unix.ENOMEM, unix.EAGAIN, unix.EBUSY} {
		t.Run(errno.Error(), func(t *testing.T) {
			r := openFor(t, small)
			ours, theirs := pair(t)
			refuse(r, errno, 1)
			r.Recv(ours, NewToken(0, 0, Recv))
			write(t, theirs, "x")
			assert.Equal(t, "x", data(t, r, one(t, r)))
		})
	}
}

// If the kernel lacks memory for longer, Wait returns an error and the next one goes on:
// queued operations are done once and in order, and completions are not lost.
func TestAfterARefusalNothingIsLost(t *testing.T) {
	r := openFor(t, Config{Entries: 4, Completions: 8, Buffers: 8, BufferSize: 64})
	ours, theirs := pair(t)
	r.Recv(ours, NewToken(0, 0, Recv))
	done, err := r.Wait(0)
	require.NoError(t, err)
	require.Empty(t, done)
	write(t, theirs, "taken")

	var want strings.Builder
	for n := range 10 { // more than fit into the queue, so that some are handed over before
		message := strings.Repeat(string(rune('a'+n)), 10)
		want.WriteString(message)
		if n == 6 {
			refuse(r, unix.ENOMEM, 10*maxTries)
		}
		r.Send(ours, []byte(message), NewToken(0, 0, Send))
	}
	refusals := 0
	for done, err = r.Wait(-1); err != nil; done, err = r.Wait(-1) {
		require.ErrorIs(t, err, ErrRefused)
		require.ErrorIs(t, err, unix.ENOMEM)
		require.ErrorContains(t, err, "io_uring_enter")
		require.Empty(t, done)
		refusals++
	}
	assert.Greater(t, refusals, 1)
	for len(done) == 0 {
		done, err = r.Wait(-1)
		require.NoError(t, err)
	}
	require.Len(t, done, 1)
	assert.Equal(t, "taken", data(t, r, done[0]))

	got := make([]byte, want.Len())
	n, err := unix.Read(theirs, got)
	require.NoError(t, err)
	assert.Equal(t, want.String(), string(got[:n]))
}
