//go:build unix

package sock

import (
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/netip"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Supported reports whether this system has descriptors for I/O.
const Supported = true

// system is the operating system.
type system struct{}

func (*system) Accept(listener int) (int, error)    { return accept(listener) }
func (*system) Read(fd int, p []byte) (int, error)  { return read(fd, p) }
func (*system) Write(fd int, p []byte) (int, error) { return write(fd, p) }
func (*system) CloseWrite(fd int) error             { return unix.Shutdown(fd, unix.SHUT_WR) }
func (*system) Close(fd int) error                  { return unix.Close(fd) }
func (*system) Tune(fd int)                         { tune(fd) }

// Peer implements Kernel.
func (*system) Peer(fd int) netip.Addr {
	addr, err := unix.Getpeername(fd)
	if err != nil {
		return netip.Addr{}
	}
	switch a := addr.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrFrom4(a.Addr)
	case *unix.SockaddrInet6:
		return netip.AddrFrom16(a.Addr)
	}
	return netip.Addr{}
}

// Listen does not change the socket, because package net has made it non-blocking.
// Closing ln keeps the runtime's own poller from being notified of each client.
func (*system) Listen(ln net.Listener) (fd int, err error) {
	return takeOver(ln, func(int) error { return nil })
}

// Read reads the bytes that are there, up to len(p). At the end of the stream it
// returns io.EOF.
func (c Calls) Read(fd int, p []byte) (int, error) {
	for {
		if n, err := c.Kernel.Read(fd, p); err != unix.EINTR {
			return received(n, err)
		}
	}
}

// received translates the result of a read.
func received(n int, err error) (int, error) {
	switch {
	case n > 0:
		return n, nil
	case err == nil:
		return 0, io.EOF
	case err == unix.EAGAIN:
		return 0, ErrWouldBlock
	default:
		return 0, os.NewSyscallError("read", err)
	}
}

// Write writes as much of p as there is room for: at least one byte, or it returns
// ErrWouldBlock.
func (c Calls) Write(fd int, p []byte) (int, error) {
	for {
		n, err := c.Kernel.Write(fd, p)
		switch {
		case err == nil:
			return n, nil
		case err == unix.EAGAIN:
			return 0, ErrWouldBlock
		case err != unix.EINTR:
			return 0, os.NewSyscallError("write", err)
		}
	}
}

// Accept takes a connection from the listen queue. Its descriptor does not block, and
// other programs do not inherit it. Accept skips a client that has left the queue.
func (c Calls) Accept(listener int) (fd int, err error) {
	for {
		fd, err := c.Kernel.Accept(listener)
		switch err {
		case nil:
			return fd, nil
		case unix.EAGAIN:
			return -1, ErrWouldBlock
		case unix.EINTR, unix.ECONNABORTED, unix.EPROTO:
		default:
			return -1, os.NewSyscallError("accept", err)
		}
	}
}

// Transient reports whether an error of accept says nothing about the listener, so that
// accept should be tried again later. Either the process or the system has run out of a
// resource that may become free again, or a client's connection broke before it was
// accepted; Linux then returns the error that broke the connection.
func Transient(err error) bool {
	for _, transient := range []error{
		unix.EMFILE, unix.ENFILE, unix.ENOBUFS, unix.ENOMEM, unix.EAGAIN,
		unix.ECONNABORTED, unix.EPROTO, unix.ENETDOWN, unix.ENOPROTOOPT, unix.EHOSTDOWN,
		unix.EHOSTUNREACH, unix.ENETUNREACH, unix.ETIMEDOUT, unix.EPERM,
	} {
		if errors.Is(err, transient) {
			return true
		}
	}
	return false
}

// Fault reports whether this side caused an error of a connection: the system has
// refused a call, for example for lack of memory. Otherwise the peer or the network has
// broken the connection.
func Fault(err error) bool {
	var errno unix.Errno
	if !errors.As(err, &errno) {
		return false
	}
	switch errno {
	case unix.ECONNRESET, unix.ECONNABORTED, unix.ECONNREFUSED, unix.EPIPE, unix.ETIMEDOUT, unix.ENOTCONN, unix.ESHUTDOWN,
		unix.ENETDOWN, unix.ENETUNREACH, unix.ENETRESET, unix.EHOSTDOWN, unix.EHOSTUNREACH, unix.EPROTO:
		return false
	}
	return true
}

// CloseWrite sends a FIN: the peer reads the end of the stream after the bytes written
// before.
func (c Calls) CloseWrite(fd int) error {
	return os.NewSyscallError("shutdown", c.Kernel.CloseWrite(fd))
}

// Close closes a descriptor. The descriptor is closed even if there is an error, such
// as an interruption; its number may already belong to another file.
func (c Calls) Close(fd int) error { return os.NewSyscallError("close", c.Kernel.Close(fd)) }

// Tune sets on a connection that was accepted in another way the options that Accept
// sets.
func (c Calls) Tune(fd int) { c.Kernel.Tune(fd) }

// Peer returns the address of a connection's client. It is invalid if the client has no
// address, or has left.
func (c Calls) Peer(fd int) netip.Addr { return c.Kernel.Peer(fd) }

// Listen takes over ln's listening socket, and closes ln.
func (c Calls) Listen(ln net.Listener) (fd int, err error) { return c.Kernel.Listen(ln) }

// DescriptorLimit returns how many descriptors the process may have.
func DescriptorLimit() int {
	var lim unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &lim); err != nil || uint64(lim.Cur) > math.MaxInt32 {
		return math.MaxInt32
	}
	return int(lim.Cur)
}

// SetBacklog sets the length of the listen queue.
func SetBacklog(ln net.Listener, n int) error {
	var failed error
	err := control(ln, func(fd int) {
		if _, err := unix.Getsockname(fd); err != nil {
			return // not a socket
		}
		failed = os.NewSyscallError("listen", unix.Listen(fd, n))
	})
	return errors.Join(err, failed)
}

// Acceptable reports whether a client waits in the listen queue. It asks without waiting,
// and without a deadline.
func Acceptable(ln net.Listener) (waits bool) {
	_ = control(ln, func(fd int) {
		polled := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(polled, 0)
		waits = err == nil && n == 1 && polled[0].Revents&unix.POLLIN != 0
	})
	return waits
}

// Tune sets on a connection that package net has accepted the options that Accept sets:
// small writes are not delayed, and a peer that vanishes is noticed.
func Tune(conn net.Conn) {
	_ = control(conn, tune)
}

// control calls f with the descriptor of a listener or connection. Without a descriptor
// it does nothing.
func control(of any, f func(fd int)) error {
	sc, ok := of.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return err
	}
	return raw.Control(func(fd uintptr) { f(int(fd)) })
}

// takeOver duplicates the descriptor of a listener or connection, applies change to the
// duplicate, and closes the original. If it fails, the original is unchanged.
func takeOver(from io.Closer, change func(fd int) error) (fd int, err error) {
	sc, ok := from.(syscall.Conn)
	if !ok {
		return -1, fmt.Errorf("%T has no descriptor, as *net.TCPListener and *net.TCPConn have", from)
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return -1, err
	}
	var failed error
	err = raw.Control(func(f uintptr) {
		fd, failed = unix.FcntlInt(f, unix.F_DUPFD_CLOEXEC, 0)
	})
	if err := errors.Join(err, os.NewSyscallError("fcntl", failed)); err != nil {
		return -1, err
	}
	if err := change(fd); err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	_ = from.Close()
	return fd, nil
}
