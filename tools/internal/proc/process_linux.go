package proc

import "syscall"

// dieWithParent has the kernel kill the child if the lab is killed.
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }
