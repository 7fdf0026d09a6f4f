//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// ownGroup gives the server a process group, so that its children end with
// it: "go run", for example, runs the server as a child.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// terminates: terminate asks the server to end, and does not just kill it.
const terminates = true

// It is no error if the group has already ended.
func terminate(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
func kill(cmd *exec.Cmd)      { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
