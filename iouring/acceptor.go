package iouring

import (
	"os"
	"syscall"
	"time"

	"github.com/ioflavors/ioflavors/common/nonblocking"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/iouring/ring"
)

// acceptor has the kernel accept with one operation, which completes for each
// client.
type acceptor struct {
	*nonblocking.Acceptor
	ring      uring
	round     uint32 // accept operations so far: the generation in the token
	accepting bool   // an accept operation is in the kernel
	cancelled bool   // that operation has been cancelled
	closed    bool   // the listener is closed
}

// ask queues an accept operation if there is none and accepting does not pause. When
// the server has stopped serving, ask cancels the operation instead.
func (a *acceptor) ask(phase server.Phase, now time.Duration) {
	_, paused := a.Paused(now)
	switch {
	case phase == server.Serving && !a.accepting && !paused:
		a.accepting = true
		a.round++
		a.ring.Accept(a.FD, a.token())
	case phase != server.Serving && a.accepting && !a.cancelled:
		a.cancelled = true
		a.ring.Cancel(a.token())
	}
}

// completed handles a completion of the accept operation, and returns the accepted
// client, if there is one.
func (a *acceptor) completed(d ring.Completion, now time.Duration) (fd int, ok bool) {
	a.accepting = d.More()
	switch err := d.Err(); err {
	case nil:
		a.Succeeded()
		return int(d.Result), true
	case syscall.ECANCELED, syscall.EINTR, syscall.ECONNABORTED, syscall.EPROTO:
	default:
		a.Failed(os.NewSyscallError("accept", err), now)
	}
	return -1, false
}

// resumes returns when the pause of accepting ends, if there is a pause to wait for.
func (a *acceptor) resumes() (at time.Duration, ok bool) {
	if a.accepting || a.closed {
		return 0, false
	}
	return a.Paused(0)
}

func (a *acceptor) token() ring.Token { return ring.NewToken(a.FD, a.round, ring.Accept) }

func (a *acceptor) close() {
	if !a.closed {
		a.closed = true
		_ = a.Close()
	}
}
