//go:build unix && !linux

package sock

import (
	"syscall"

	"golang.org/x/sys/unix"
)

func read(fd int, p []byte) (int, error)  { return unix.Read(fd, p) }
func write(fd int, p []byte) (int, error) { return unix.Write(fd, p) }

// accept sets the options that the connection may not have inherited. The lock
// keeps a program that is started meanwhile from inheriting the descriptor.
func accept(listener int) (int, error) {
	syscall.ForkLock.RLock()
	fd, _, err := unix.Accept(listener)
	if err == nil {
		unix.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return -1, err
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return -1, err
	}
	tune(fd)
	return fd, nil
}

// tune sets options without which a connection works too, but less well.
func tune(fd int) {
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1)
}
