//go:build !unix

package proc

import (
	"errors"
	"os/exec"
)

func ownGroup(*exec.Cmd) {}

// terminate kills the process, because this system cannot ask it to end. A process
// that has already ended is no error.
func terminate(cmd *exec.Cmd) { _ = cmd.Process.Kill() }
func kill(cmd *exec.Cmd)      { _ = cmd.Process.Kill() }

func halt(*exec.Cmd) error   { return errors.ErrUnsupported }
func resume(*exec.Cmd) error { return errors.ErrUnsupported }
