//go:build unix && !linux

package proc

import "syscall"

// dieWithParent does nothing: this system cannot do that.
func dieWithParent(*syscall.SysProcAttr) {}
