//go:build !linux

package proctest

import "errors"

// processUsage: other systems do not tell about other processes in this way.
func processUsage(int) (usage, error) { return usage{}, errors.ErrUnsupported }

func resetPeak(int) error { return errors.ErrUnsupported }
