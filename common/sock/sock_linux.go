package sock

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// read and write do not tell the scheduler that a system call is under way:
// on a descriptor that does not block it is over before that would matter.
func read(fd int, p []byte) (int, error)  { return transfer(unix.SYS_READ, fd, p) }
func write(fd int, p []byte) (int, error) { return transfer(unix.SYS_WRITE, fd, p) }

func transfer(trap uintptr, fd int, p []byte) (int, error) {
	n, _, errno := unix.RawSyscall(trap, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
	if errno != 0 {
		return -1, errno
	}
	return int(n), nil
}

// accept takes one system call: what Linux's connections do not inherit from
// their listener, its accept4 sets.
func accept(listener int) (int, error) {
	fd, _, err := unix.Accept4(listener, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
	return fd, err
}

// inherit sets the options that a connection gets from its listener. A peer
// that vanished is noticed after 15 s and three probes 15 s apart, or 30 s
// after the first byte that it should have acknowledged.
func inherit(fd int) error {
	for _, o := range []struct{ level, name, value int }{
		{unix.IPPROTO_TCP, unix.TCP_NODELAY, 1},
		{unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
		{unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 15},
		{unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, 15},
		{unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 3},
		{unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, 30_000},
	} {
		err := unix.SetsockoptInt(fd, o.level, o.name, o.value)
		if err == unix.EOPNOTSUPP || err == unix.ENOPROTOOPT {
			continue // not TCP
		}
		if err != nil {
			return os.NewSyscallError("setsockopt", err)
		}
	}
	return nil
}
