//go:build unix

package sock

import (
	"math"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Blocking takes over conn's socket: it returns a descriptor for it on which
// calls block, and closes conn.
func Blocking(conn net.Conn) (fd int, err error) {
	return takeOver(conn, func(fd int) error { return os.NewSyscallError("fcntl", unix.SetNonblock(fd, false)) })
}

// BlockingRead is Read for a descriptor that blocks. It returns ErrWouldBlock
// when the time of SetTimeouts is up, or when the thread was interrupted.
func BlockingRead(fd int, p []byte) (int, error) { return blocking.Read(fd, p) }

// BlockingWrite is Write for a descriptor that blocks, in the same way.
func BlockingWrite(fd int, p []byte) (int, error) { return blocking.Write(fd, p) }

// TryRead and TryWrite do not block on a descriptor on which calls block.
func TryRead(fd int, p []byte) (int, error)  { return trying.Read(fd, p) }
func TryWrite(fd int, p []byte) (int, error) { return trying.Write(fd, p) }

var (
	blocking = Calls{new(blockingSystem)}
	trying   = Calls{new(tryingSystem)}
)

// tryingSystem is the operating system asked not to wait, call by call.
type tryingSystem struct{ system }

func (*tryingSystem) Read(fd int, p []byte) (int, error) {
	n, _, _, _, err := unix.Recvmsg(fd, p, nil, unix.MSG_DONTWAIT)
	return n, err
}

func (*tryingSystem) Write(fd int, p []byte) (int, error) {
	return unix.SendmsgN(fd, p, nil, nil, unix.MSG_DONTWAIT)
}

// blockingSystem is the operating system where calls block. An interruption
// looks like the end of the time.
type blockingSystem struct{ system }

func (*blockingSystem) Read(fd int, p []byte) (int, error)  { return once(unix.Read(fd, p)) }
func (*blockingSystem) Write(fd int, p []byte) (int, error) { return once(unix.Write(fd, p)) }

func once(n int, err error) (int, error) {
	if err == unix.EINTR {
		err = unix.EAGAIN
	}
	return n, err
}

// SetTimeouts limits how long a call on a blocking descriptor blocks. It holds
// for calls that begin later.
func SetTimeouts(fd int, d time.Duration) error {
	tv := timeval(d)
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &tv); err != nil {
		return os.NewSyscallError("setsockopt", err)
	}
	return os.NewSyscallError("setsockopt", unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &tv))
}

// longest is the longest timeout. Seconds have 32 bits on 32-bit systems, and where
// they overflow the kernel does not wait at all.
const longest = math.MaxInt32 * time.Second

// timeval returns a timeout that is no longer than longest, and never 0, which would
// be for ever.
func timeval(d time.Duration) unix.Timeval {
	return unix.NsecToTimeval(min(max(d, time.Microsecond), longest).Nanoseconds())
}
