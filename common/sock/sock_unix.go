//go:build unix

package sock

import (
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Supported says whether this system has descriptors to do I/O on.
const Supported = true

// Read reads what is there, up to len(p) bytes. At the end of the stream it
// returns io.EOF.
func Read(fd int, p []byte) (int, error) { return reading(read, fd, p) }

// Write writes as much of p as there is room for, at least one byte.
func Write(fd int, p []byte) (int, error) { return writing(write, fd, p) }

func reading(read func(int, []byte) (int, error), fd int, p []byte) (int, error) {
	for {
		n, err := read(fd, p)
		switch {
		case n > 0:
			return n, nil
		case err == nil:
			return 0, io.EOF
		case err == unix.EAGAIN:
			return 0, ErrWouldBlock
		case err != unix.EINTR:
			return 0, os.NewSyscallError("read", err)
		}
	}
}

func writing(write func(int, []byte) (int, error), fd int, p []byte) (int, error) {
	for {
		n, err := write(fd, p)
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

// Accept takes a connection from the listen queue; its descriptor does not
// block and is not inherited by other programs. A client that has left the
// queue by itself is passed over.
func Accept(listener int) (fd int, err error) {
	for {
		fd, err := accept(listener)
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

// Exhausted reports whether err says that the process or the system has run
// out of something that may become free again: accept later.
func Exhausted(err error) bool {
	return errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE) ||
		errors.Is(err, unix.ENOBUFS) || errors.Is(err, unix.ENOMEM)
}

// CloseWrite sends a FIN: the peer reads the end of the stream after what was
// written before.
func CloseWrite(fd int) error { return os.NewSyscallError("shutdown", unix.Shutdown(fd, unix.SHUT_WR)) }

// Close closes a descriptor.
func Close(fd int) error { return os.NewSyscallError("close", unix.Close(fd)) }

// DescriptorLimit returns how many descriptors the process may have.
func DescriptorLimit() int {
	var lim unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &lim); err != nil || uint64(lim.Cur) > math.MaxInt32 {
		return math.MaxInt32
	}
	return int(lim.Cur)
}

// TuneListener sets the length of the listen queue, and options that accepted
// connections inherit where the system does that: no delay for small writes,
// and probes that find out within a minute that a silent peer is gone.
func TuneListener(ln net.Listener, backlog int) error {
	sc, ok := ln.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		if _, err := unix.Getsockname(int(fd)); err != nil {
			return // not a socket
		}
		if failed = os.NewSyscallError("listen", unix.Listen(int(fd), backlog)); failed == nil {
			failed = inherit(int(fd))
		}
	})
	return errors.Join(err, failed)
}

// Listener takes over ln's listening socket: it returns a non-blocking
// descriptor for it and closes ln, so that the runtime's own poller is no
// longer told of each client.
func Listener(ln net.Listener) (fd int, err error) {
	// Package net has made it non-blocking, a property of the socket.
	return takeOver(ln, func(int) error { return nil })
}

// takeOver duplicates the descriptor of a listener or connection, closes that,
// and applies change to the duplicate.
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
	_ = from.Close()
	if err := change(fd); err != nil {
		_ = Close(fd)
		return -1, err
	}
	return fd, nil
}
