//go:build unix

package servercmd

import "syscall"

const terminate = syscall.SIGTERM
