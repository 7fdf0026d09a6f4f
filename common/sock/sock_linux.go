package sock

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// read and write do not tell the scheduler that a system call is under way:
// on a descriptor that does not block it is over before that would matter.
func read(fd int, p []byte) (int, error)  { return transfer(unix.SYS_READ, fd, p) }
func write(fd int, p []byte) (int, error) { return transfer(unix.SYS_WRITE, fd, p) }

func transfer(trap uintptr, fd int, p []byte) (int, error) {
	// Package unix would jump to the same function, with a detour over the stack.
	n, _, errno := syscall.RawSyscall(trap, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
	if errno != 0 {
		return -1, errno
	}
	return int(n), nil
}

// TellMore has the kernel say with each ReadMore whether there is more (TCP_INQ,
// since Linux 4.18). It returns false if it cannot.
func TellMore(fd int) bool {
	return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_INQ, 1) == nil
}

// ReadMore is System.Read, and returns whether the next read would find more
// bytes, or the end of the stream; that the peer has reset the connection it does
// not tell. If TellMore was not called it is always true.
func ReadMore(fd int, p []byte) (n int, more bool, err error) {
	for {
		n, left, err := receive(fd, p)
		if err != unix.EINTR {
			n, err = received(n, err)
			return n, left != 0, err
		}
	}
}

// receive is read(2), and returns what is left: in bytes, the end of the stream
// counts as one. Where that is not known it is negative.
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

// accept does not ask for the client's address: nobody wants to know it, and
// unix.Accept4 would leave garbage for it.
func accept(listener int) (int, error) {
	fd, _, errno := unix.RawSyscall6(unix.SYS_ACCEPT4, uintptr(listener), 0, 0, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0, 0)
	if errno != 0 {
		return -1, errno
	}
	tune(int(fd))
	return int(fd), nil
}

// mostUnsent is how many bytes the kernel takes of a connection's output that it
// cannot send yet. Its default is no limit but the send buffer's, some megabytes: a
// client that reads nothing would cost more memory in the kernel than the memory
// limit allows it here. What is on its way and unacknowledged is not limited by it,
// so a fast connection over a long distance is no slower. A reply of 1 MiB takes no
// more CPU time than without it.
const mostUnsent = 256 << 10

// tune sets mostUnsent, and the options that matter when a peer vanishes: that is noticed 30 s
// after the first byte, or the first of the probes after 15 s of silence, that
// it should have acknowledged; by the count of probes alone it would be 60 s.
//
// Connections could inherit them from their listener, if it were not for those
// that came before the listener had them, for Go's Accept, which sets some
// anew, and for listeners of Multipath TCP, which do not have them all.
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
		// Without them a connection works too, if it is TCP at all.
		_ = unix.SetsockoptInt(fd, o.level, o.name, o.value)
	}
}
