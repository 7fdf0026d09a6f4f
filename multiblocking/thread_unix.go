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
// It turns deadlines into the socket's own timeouts, which the kernel watches.
type threadStream struct {
	blocking.Remote
	fd          int
	thread      sock.Thread
	deadline    time.Time
	timeout     time.Duration // the socket's, as arm set it; 0: none
	interrupted atomic.Bool
	setTimeouts func(fd int, timeout time.Duration) error // sock.SetTimeouts, or a test's
}

// slack is how much later than its deadline a call may return. It saves a
// system call for each read, because one timeout serves for many reads.
const slack = 50 * time.Millisecond

// brief is the timeout of an interrupted stream. It is short because the server
// ends, and the thread must look at the clock often.
const brief = 5 * time.Millisecond

// newThreadStream takes over the client's socket, and makes it blocking. The
// calling goroutine must be locked to its thread.
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
	n, err := sock.BlockingWrite(s.fd, p) // and so does this
	return n, expired(err)
}

// TryRead implements blocking.Trier.
func (s *threadStream) TryRead(p []byte) (int, error) {
	n, err := sock.TryRead(s.fd, p)
	return n, expired(err)
}

// TryWrite implements blocking.Trier.
func (s *threadStream) TryWrite(p []byte) (int, error) {
	n, err := sock.TryWrite(s.fd, p)
	return n, expired(err)
}

// SetDeadline may be called only by the goroutine that reads and writes. Other
// goroutines call Interrupt.
func (s *threadStream) SetDeadline(t time.Time) error {
	s.deadline = t
	return nil
}

// arm sets the socket's timeouts if the present ones would outlast the deadline
// by more than slack. It returns os.ErrDeadlineExceeded if the deadline is over.
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
	if s.interrupted.Load() { // meanwhile, and our timeout has replaced brief
		return s.setTimeouts(s.fd, brief)
	}
	return nil
}

// Interrupt makes the thread look at the server's phase, now and often. It
// interrupts a call that has begun; a call that has not begun yet will be brief.
func (s *threadStream) Interrupt() {
	s.interrupted.Store(true)
	_ = s.setTimeouts(s.fd, brief)
	_ = s.thread.Interrupt(s.fd)
}

// Descriptor implements blocking.Descriptor.
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
