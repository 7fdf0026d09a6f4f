//go:build !unix

package proc

import (
	"errors"
	"os/exec"
)

func ownGroup(*exec.Cmd) {}

// There is no asking, only killing. That the process has ended already is no
// error.
func terminate(cmd *exec.Cmd) { _ = cmd.Process.Kill() }
func kill(cmd *exec.Cmd)      { _ = cmd.Process.Kill() }

func halt(*exec.Cmd) error   { return errors.ErrUnsupported }
func resume(*exec.Cmd) error { return errors.ErrUnsupported }
