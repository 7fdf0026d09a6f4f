//go:build unix

package servercmd

import "syscall"

// makePrivate keeps other users from connecting to a Unix socket before its file has
// its mode. It works on Linux, which gives the file the socket's mode. On other systems
// the umask decides for that moment.
func makePrivate(_, _ string, c syscall.RawConn) error {
	return c.Control(func(fd uintptr) { _ = syscall.Fchmod(int(fd), 0o600) })
}
