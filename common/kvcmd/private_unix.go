//go:build unix

package kvcmd

import "syscall"

// makePrivate lets nobody else connect to a Unix socket before its file has its mode,
// where the system makes the file with the socket's (Linux). Elsewhere the umask
// decides for that moment.
func makePrivate(_, _ string, c syscall.RawConn) error {
	return c.Control(func(fd uintptr) { _ = syscall.Fchmod(int(fd), 0o600) })
}
