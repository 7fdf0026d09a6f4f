//go:build unix

package proc

import (
	"os/exec"
	"syscall"
)

// ownGroup gives the child a process group. Ctrl-C at the terminal then reaches only
// the lab, which ends its children and theirs.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	dieWithParent(cmd.SysProcAttr)
}

// terminate and kill signal the child's group. A group that is gone is no error.
func terminate(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
func kill(cmd *exec.Cmd)      { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

// halt stops a process, and resume continues it.
func halt(cmd *exec.Cmd) error   { return syscall.Kill(-cmd.Process.Pid, syscall.SIGSTOP) }
func resume(cmd *exec.Cmd) error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGCONT) }
