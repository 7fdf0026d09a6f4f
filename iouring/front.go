package iouring

import (
	"os"
	"syscall"
	"time"

	"github.com/ioflavors/ioflavors/common/kvserver"
	"github.com/ioflavors/ioflavors/common/nonblocking"
	"github.com/ioflavors/ioflavors/iouring/ring"
)

// front has the kernel accept clients. It is told once, and completes for each.
type front struct {
	*nonblocking.Acceptor
	ring      uring
	round     uint32 // how often the kernel was told: the generation in the token
	accepting bool   // the kernel does
	cancelled bool   // it is to end
	closed    bool   // the listener is
}

// ask sees to it that the kernel accepts, unless that pauses, and once the server
// has stopped serving, that it ends.
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

// completed returns the client that was accepted, if one was.
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

// resumes returns when a pause ends, if there is one to wait for.
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
