//go:build unix

package generator

import (
	"errors"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// descriptor takes a connection away from package net, whose poller would
// otherwise also wake for each reply. The duplicate is non-blocking like the
// original; c is closed.
func descriptor(c net.Conn) (int, error) {
	defer c.Close()
	raw, err := c.(syscall.Conn).SyscallConn()
	if err != nil {
		return -1, err
	}
	var fd int
	var failed error
	err = raw.Control(func(original uintptr) {
		fd, failed = unix.FcntlInt(original, unix.F_DUPFD_CLOEXEC, 0)
		failed = os.NewSyscallError("fcntl", failed)
	})
	return fd, errors.Join(err, failed)
}
