//go:build unix

package multiblocking

import (
	"io"
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
	fd          int
	deadline    time.Time
	timeout     time.Duration // as the socket has it
	interrupted atomic.Bool
}

// slack is how much later than its deadline a call may return. It saves a
// system call for each read: the timeout that was set last serves for many.
const slack = 50 * time.Millisecond

// newThreadStream takes over the client's descriptor, and makes it blocking.
func newThreadStream(client net.Conn) (blocking.Stream, error) {
	defer client.Close()
	fd, err := sock.Blocking(client)
	if err != nil {
		return nil, err
	}
	return &threadStream{fd: fd}, nil
}

func (s *threadStream) Read(p []byte) (int, error) {
	if err := s.arm(); err != nil {
		return 0, err
	}
	n, err := sock.BlockingRead(s.fd, p) // the thread sleeps in the kernel
	if err == io.EOF && s.interrupted.Load() {
		// This is no end of the stream: it is how Interrupt wakes. More
		// may come, which no call waits for any longer.
		time.Sleep(time.Millisecond)
		return 0, os.ErrDeadlineExceeded
	}
	return n, expired(err)
}

func (s *threadStream) Write(p []byte) (int, error) {
	if err := s.arm(); err != nil {
		return 0, err
	}
	n, err := sock.BlockingWrite(s.fd, p)
	return n, expired(err)
}

// SetDeadline is for the goroutine that reads and writes; others interrupt.
func (s *threadStream) SetDeadline(t time.Time) error {
	s.deadline = t
	return nil
}

// arm sets the socket's timeouts if those it has would outlast the deadline.
func (s *threadStream) arm() error {
	if s.deadline.IsZero() {
		return nil
	}
	left := time.Until(s.deadline)
	if left <= 0 {
		return os.ErrDeadlineExceeded
	}
	if s.timeout != 0 && s.timeout <= left+slack {
		return nil
	}
	s.timeout = left
	return sock.SetTimeouts(s.fd, left)
}

// Interrupt wakes the thread out of its call: a signal would only make the
// kernel begin the call again, but the end of a stream ends it.
func (s *threadStream) Interrupt(closing bool) {
	s.interrupted.Store(true)
	_ = sock.CloseRead(s.fd)
	if closing {
		_ = sock.CloseWrite(s.fd)
	}
}

func (s *threadStream) CloseWrite() error { return sock.CloseWrite(s.fd) }
func (s *threadStream) Close() error      { return sock.Close(s.fd) }

func expired(err error) error {
	if err == sock.ErrWouldBlock {
		return os.ErrDeadlineExceeded
	}
	return err
}

var _ blocking.Interrupter = (*threadStream)(nil)
