//go:build unix && !linux

package proc

import "syscall"

// dieWithParent: there is nothing like it here.
func dieWithParent(*syscall.SysProcAttr) {}
