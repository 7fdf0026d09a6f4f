//go:build !linux

package proc

import "os/exec"

// PinSelf does nothing: this system chooses the cores.
func PinSelf() (pins Pinning, undo func(), err error) { return Pinning{}, func() {}, nil }

// PinSelfBeside does nothing either.
func PinSelfBeside(int) (pins Pinning, undo func(), err error) { return PinSelf() }

func (Pinning) start(cmd *exec.Cmd) error { return cmd.Start() }
