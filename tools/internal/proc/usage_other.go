//go:build !linux

package proc

import "errors"

// NewMeter: other systems do not tell about other processes in this way.
func NewMeter(int) (*Meter, error) { return nil, errors.ErrUnsupported }

func processUsage(int) (usage, error) { return usage{}, errors.ErrUnsupported }

func MemoryOf(int) (MemoryUsage, error) { return MemoryUsage{}, errors.ErrUnsupported }

func HeldConnections(string) (int, error) { return 0, errors.ErrUnsupported }
