//go:build !linux

package proc

import "os/exec"

// PinSelf: elsewhere the system decides on its own what runs where.
func PinSelf() (pins Pinning, undo func(), err error) { return Pinning{}, func() {}, nil }

func PinSelfBeside(int) (pins Pinning, undo func(), err error) { return PinSelf() }

func (Pinning) start(cmd *exec.Cmd) error { return cmd.Start() }
