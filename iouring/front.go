package iouring

import (
	"os"
	"syscall"
	"time"

	"github.com/ioflavors/ioflavors/common/kvserver"
	"github.com/ioflavors/ioflavors/common/nonblocking"
	"github.com/ioflavors/ioflavors/iouring/ring"
)

// front is the acceptor. It has the kernel accept with one operation, which
// completes for each client.
type front struct {
	*nonblocking.Acceptor
	ring      uring
	round     uint32 // accept operations so far: the generation in the token
	accepting bool   // an accept operation is in the kernel
	cancelled bool   // that operation has been cancelled
	closed    bool   // the listener is closed
}

// ask queues an accept operation if there is none and accepting does not pause. When
// the server has stopped serving, ask cancels the operation instead.
func (f *front) ask(phase kvserver.Phase, now time.Duration) {
	_, paused := f.Paused(now)
	switch {
	case phase == kvserver.Serving && !f.accepting && !paused:
		f.accepting = true
		f.round++
		f.ring.Accept(f.FD, f.token())
	case phase != kvserver.Serving && f.accepting && !f.cancelled:
		f.cancelled = true
		f.ring.Cancel(f.token())
	}
}

// completed handles a completion of the accept operation, and returns the accepted
// client, if there is one.
func (f *front) completed(d ring.Completion, now time.Duration) (fd int, ok bool) {
	f.accepting = d.More()
	switch err := d.Err(); err {
	case nil:
		f.Succeeded()
		return int(d.Result), true
	case syscall.ECANCELED, syscall.EINTR, syscall.ECONNABORTED, syscall.EPROTO:
	default:
		f.Failed(os.NewSyscallError("accept", err), now)
	}
	return -1, false
}

// resumes returns when the pause of accepting ends, if there is a pause to wait for.
func (f *front) resumes() (at time.Duration, ok bool) {
	if f.accepting || f.closed {
		return 0, false
	}
	return f.Paused(0)
}

func (f *front) token() ring.Token { return ring.NewToken(f.FD, f.round, ring.Accept) }

func (f *front) close() {
	if !f.closed {
		f.closed = true
		_ = f.Close()
	}
}
