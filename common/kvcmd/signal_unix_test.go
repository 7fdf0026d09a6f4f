//go:build unix

package kvcmd

import "syscall"

const terminate = syscall.SIGTERM
