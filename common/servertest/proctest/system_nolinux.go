//go:build !linux

package proctest

import (
	"errors"
	"os/exec"
)

func limitThreads(int) error { return errors.ErrUnsupported }

func canLimitThreads() (reason string) { return "this system does not count a user's threads" }

// dieWithParent does nothing: this system has no such signal.
func dieWithParent(*exec.Cmd) {}

func ownHost() string { return "127.0.0.1" }

// processUsage is not supported: this system does not describe other
// processes like this.
func processUsage(int) (usage, error) { return usage{}, errors.ErrUnsupported }

func resetPeak(int) error { return errors.ErrUnsupported }
