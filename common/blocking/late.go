package blocking

import (
	"errors"
	"os"
	"syscall"

	"github.com/ioflavors/ioflavors/common/sock"
)

// Trier is a Stream that can make a call although its deadline is over. Streams
// that have a descriptor, as a net.TCPConn has, need not be Triers.
type Trier interface {
	// TryRead and TryWrite return os.ErrDeadlineExceeded if they had to wait.
	TryRead(p []byte) (int, error)
	TryWrite(p []byte) (int, error)
}

// late reports whether a call's time was up and the call is to be tried once
// more before anybody is judged. A process that is continued after a stop finds
// deadlines over and clients ready at once, and is told of the deadlines: a
// client that was in time would be closed for this server's absence.
func late(n int, err error) bool { return n == 0 && errors.Is(err, os.ErrDeadlineExceeded) }

// tryOnce makes a call without waiting, whatever the deadline says.
func tryOnce(s Stream, try func(Trier, []byte) (int, error), call func(int, []byte) (int, error), p []byte) (n int, err error) {
	if s, ok := s.(Trier); ok {
		return try(s, p)
	}
	err = sock.ErrWouldBlock
	if s, ok := s.(syscall.Conn); ok && sock.Supported {
		if raw, broken := s.SyscallConn(); broken == nil {
			_ = raw.Control(func(fd uintptr) { n, err = call(int(fd), p) })
		}
	}
	if err == sock.ErrWouldBlock {
		err = os.ErrDeadlineExceeded
	}
	return n, err
}
