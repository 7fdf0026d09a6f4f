//go:build unix

package sock

import (
	"math"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Blocking takes over conn's socket: it returns a descriptor on which calls block, and
// closes conn.
func Blocking(conn net.Conn) (fd int, err error) {
	return takeOver(conn, func(fd int) error { return os.NewSyscallError("fcntl", unix.SetNonblock(fd, false)) })
}

// BlockingRead is Read for a blocking descriptor. It returns ErrWouldBlock when the
// time of SetTimeouts is up, or when the thread was interrupted.
func BlockingRead(fd int, p []byte) (int, error) { return blocking.Read(fd, p) }

// BlockingWrite is Write for a blocking descriptor. It returns ErrWouldBlock in the
// same cases.
func BlockingWrite(fd int, p []byte) (int, error) { return blocking.Write(fd, p) }

// TryRead and TryWrite do not wait, even on a blocking descriptor.
func TryRead(fd int, p []byte) (int, error)  { return trying.Read(fd, p) }
func TryWrite(fd int, p []byte) (int, error) { return trying.Write(fd, p) }

var (
	blocking = Calls{new(blockingSystem)}
	trying   = Calls{new(tryingSystem)}
)

// tryingSystem is the operating system, told in each call not to wait.
type tryingSystem struct{ system }

func (*tryingSystem) Read(fd int, p []byte) (int, error) {
	n, _, _, _, err := unix.Recvmsg(fd, p, nil, unix.MSG_DONTWAIT)
	return n, err
}

func (*tryingSystem) Write(fd int, p []byte) (int, error) {
	return unix.SendmsgN(fd, p, nil, nil, unix.MSG_DONTWAIT)
}

// blockingSystem is the operating system whose calls block. It reports an interruption
// like a timeout.
type blockingSystem struct{ system }

func (*blockingSystem) Read(fd int, p []byte) (int, error)  { return once(unix.Read(fd, p)) }
func (*blockingSystem) Write(fd int, p []byte) (int, error) { return once(unix.Write(fd, p)) }

func once(n int, err error) (int, error) {
	if err == unix.EINTR {
		err = unix.EAGAIN
	}
	return n, err
}

// SetTimeouts limits how long a call on a blocking descriptor blocks. It applies to
// calls that begin later.
func SetTimeouts(fd int, d time.Duration) error {
	tv := timeval(d)
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &tv); err != nil {
		return os.NewSyscallError("setsockopt", err)
	}
	return os.NewSyscallError("setsockopt", unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &tv))
}

// longest is the longest timeout. On 32-bit systems seconds have 32 bits; if they
// overflow, the kernel does not wait at all.
const longest = math.MaxInt32 * time.Second

// timeval returns the timeout, at most longest. It never returns 0, which would mean no
// timeout.
func timeval(d time.Duration) unix.Timeval {
	return unix.NsecToTimeval(min(max(d, time.Microsecond), longest).Nanoseconds())
}
