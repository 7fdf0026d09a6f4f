//go:build unix

package multiblocking

import (
	"net"
	"os"
	"sync/atomic"
	"time"

	"github.com/ioflavors/ioflavors/common/blocking"
	"github.com/ioflavors/ioflavors/common/sock"
)

// threadStream is a socket whose calls block the calling thread in the kernel.
// Its deadlines are the socket's own timeouts, which the kernel watches.
type threadStream struct {
	blocking.Remote
	fd          int
	thread      sock.Thread
	deadline    time.Time
	timeout     time.Duration // as the socket has it
	interrupted atomic.Bool
	setTimeouts func(fd int, timeout time.Duration) error // sock.SetTimeouts, or a test's
}

// slack is how much later than its deadline a call may return. It saves a
// system call for each read: the timeout that was set last serves for many.
const slack = 50 * time.Millisecond

// brief is the timeout of a stream that was interrupted: the server ends, and
// the thread has to look at the clock often.
const brief = 5 * time.Millisecond

// newThreadStream takes over the client's socket, and makes it blocking. The
// calling goroutine is locked to its thread.
func newThreadStream(client net.Conn) (blocking.Stream, error) {
	fd, err := sock.Blocking(client)
	if err != nil {
		return nil, err
	}
	return &threadStream{Remote: client, fd: fd, thread: sock.CurrentThread(), setTimeouts: sock.SetTimeouts}, nil
}

func (s *threadStream) Read(p []byte) (int, error) {
	if err := s.arm(); err != nil {
		return 0, err
	}
	n, err := sock.BlockingRead(s.fd, p) // the thread sleeps in the kernel
	return n, expired(err)
}

func (s *threadStream) Write(p []byte) (int, error) {
	if err := s.arm(); err != nil {
		return 0, err
	}
	n, err := sock.BlockingWrite(s.fd, p) // here, too
	return n, expired(err)
}

// TryRead is blocking.Trier's.
func (s *threadStream) TryRead(p []byte) (int, error) {
	n, err := sock.TryRead(s.fd, p)
	return n, expired(err)
}

// TryWrite is blocking.Trier's.
func (s *threadStream) TryWrite(p []byte) (int, error) {
	n, err := sock.TryWrite(s.fd, p)
	return n, expired(err)
}

// SetDeadline is for the goroutine that reads and writes; others interrupt.
func (s *threadStream) SetDeadline(t time.Time) error {
	s.deadline = t
	return nil
}

// arm sets the socket's timeouts if those that it has would outlast the
// deadline.
func (s *threadStream) arm() error {
	left := time.Until(s.deadline)
	if left <= 0 {
		return os.ErrDeadlineExceeded
	}
	if s.timeout != 0 && s.timeout <= left+slack || s.interrupted.Load() {
		return nil
	}
	s.timeout = left
	if err := s.setTimeouts(s.fd, left); err != nil {
		return err
	}
	if s.interrupted.Load() { // meanwhile: then this timeout was set too late
		return s.setTimeouts(s.fd, brief)
	}
	return nil
}

// Interrupt makes the thread look at the server's phase, now and often. A call
// that has not begun yet will be brief; one that has begun is interrupted.
func (s *threadStream) Interrupt() {
	s.interrupted.Store(true)
	_ = s.setTimeouts(s.fd, brief)
	_ = s.thread.Interrupt(s.fd)
}

// Descriptor is blocking.Descriptor's.
func (s *threadStream) Descriptor() int { return s.fd }

func (s *threadStream) CloseWrite() error { return sock.System.CloseWrite(s.fd) }
func (s *threadStream) Close() error      { return sock.System.Close(s.fd) }

func expired(err error) error {
	if err == sock.ErrWouldBlock {
		return os.ErrDeadlineExceeded
	}
	return err
}

var (
	_ blocking.Descriptor  = (*threadStream)(nil)
	_ blocking.Interrupter = (*threadStream)(nil)
	_ blocking.Trier       = (*threadStream)(nil)
)
