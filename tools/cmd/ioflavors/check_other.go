//go:build !unix

package main

import "os/exec"

// This system has no process groups, so the check cannot end a server's
// children.
func ownGroup(*exec.Cmd) {}

// terminates: terminate kills the server, because this system has no SIGTERM.
const terminates = false

func terminate(cmd *exec.Cmd) { _ = cmd.Process.Kill() }
func kill(cmd *exec.Cmd)      { _ = cmd.Process.Kill() }
