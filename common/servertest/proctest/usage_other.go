//go:build !linux

package proctest

import "errors"

// processUsage is not supported: this system does not describe other
// processes like this.
func processUsage(int) (usage, error) { return usage{}, errors.ErrUnsupported }

func resetPeak(int) error { return errors.ErrUnsupported }
