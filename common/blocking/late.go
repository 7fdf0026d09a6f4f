package blocking

import (
	"errors"
	"os"
	"syscall"

	"github.com/ioflavors/ioflavors/common/sock"
)

// Trier is a Stream that can make a call although its deadline is over. A Stream
// with a descriptor, such as a net.TCPConn, need not be a Trier.
type Trier interface {
	// TryRead and TryWrite return os.ErrDeadlineExceeded if they would have to wait.
	TryRead(p []byte) (int, error)
	TryWrite(p []byte) (int, error)
}

// late reports whether a call ended with its deadline, and must be tried once more
// before the client is judged. After SIGSTOP and SIGCONT a deadline may be over
// although bytes are there, and a call reports the deadline. Without another try a
// punctual client would be closed because this server was stopped.
func late(n int, err error) bool { return n == 0 && errors.Is(err, os.ErrDeadlineExceeded) }

// tryOnce makes a call without waiting, even if the deadline is over.
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
