//go:build !unix

package servercmd

import "syscall"

// makePrivate does nothing, because files have no mode here.
func makePrivate(_, _ string, _ syscall.RawConn) error { return nil }
