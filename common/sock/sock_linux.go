package sock

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// read and write do not tell the scheduler about the system call: on a non-blocking
// descriptor the call is over before the scheduler would act on it.
func read(fd int, p []byte) (int, error)  { return transfer(unix.SYS_READ, fd, p) }
func write(fd int, p []byte) (int, error) { return transfer(unix.SYS_WRITE, fd, p) }

func transfer(trap uintptr, fd int, p []byte) (int, error) {
	// Package unix would call the same function, with a detour over the stack.
	n, _, errno := syscall.RawSyscall(trap, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
	if errno != 0 {
		return -1, errno
	}
	return int(n), nil
}

// TellMore makes the kernel report with each ReadMore whether there is more to read
// (TCP_INQ, since Linux 4.18). It returns false if the kernel cannot.
func TellMore(fd int) bool {
	return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_INQ, 1) == nil
}

// ReadMore is System.Read, and also returns whether the next read would find more
// bytes, or the end of the stream. It does not report that the peer has reset the
// connection. Without TellMore, more is always true.
func ReadMore(fd int, p []byte) (n int, more bool, err error) {
	for {
		n, left, err := receive(fd, p)
		if err != unix.EINTR {
			n, err = received(n, err)
			return n, left != 0, err
		}
	}
}

// receive is read(2), and also returns the number of bytes that are left, where the end
// of the stream counts as one. If that number is unknown, it is negative.
func receive(fd int, p []byte) (n int, left int32, err error) {
	var control struct {
		unix.Cmsghdr
		left int32
	}
	vector := unix.Iovec{Base: unsafe.SliceData(p)}
	vector.SetLen(len(p))
	message := unix.Msghdr{Iov: &vector, Control: (*byte)(unsafe.Pointer(&control))}
	message.SetIovlen(1)
	message.SetControllen(int(unsafe.Sizeof(control)))
	r, _, errno := syscall.RawSyscall(unix.SYS_RECVMSG, uintptr(fd), uintptr(unsafe.Pointer(&message)), 0)
	switch {
	case errno != 0:
		return -1, -1, errno
	case message.Controllen == 0 || control.Level != unix.IPPROTO_TCP || control.Type != unix.TCP_INQ:
		return int(r), -1, nil
	default:
		return int(r), control.left, nil
	}
}

// accept does not ask for the client's address, because callers do not need it, and
// unix.Accept4 would allocate memory for it.
func accept(listener int) (int, error) {
	fd, _, errno := unix.RawSyscall6(unix.SYS_ACCEPT4, uintptr(listener), 0, 0, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0, 0)
	if errno != 0 {
		return -1, errno
	}
	tune(int(fd))
	return int(fd), nil
}

// mostUnsent is how many unsent bytes of a connection the kernel takes. By default only
// the send buffer bounds them, some megabytes: a slow reader would cost more memory in
// the kernel than the server's memory limit allows it. Bytes that are sent and
// unacknowledged do not count, so a fast connection over a long distance is no slower.
// A reply of 1 MiB takes no more CPU time with this limit.
const mostUnsent = 256 << 10

// tune sets mostUnsent, and the options that detect a peer that has vanished. Such a
// connection ends 30 s after the first byte that the peer does not acknowledge, or the
// first such probe; probes begin after 15 s of silence. By the number of probes alone
// it would take 60 s.
//
// Inheriting the options from the listener would not be enough: connections that came
// before the listener had the options lack them, Go's Accept sets some anew, and
// listeners of Multipath TCP do not have them all.
func tune(fd int) {
	for _, o := range []struct{ level, name, value int }{
		{unix.IPPROTO_TCP, unix.TCP_NODELAY, 1},
		{unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
		{unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 15},
		{unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, 15},
		{unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 3},
		{unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, 30_000},
		{unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, mostUnsent},
	} {
		// A connection works without these options, too; on a connection that is not
		// TCP they fail.
		_ = unix.SetsockoptInt(fd, o.level, o.name, o.value)
	}
}
