//go:build !linux

package proc

import "errors"

// NewMeter fails, because this system does not tell about other processes under /proc.
func NewMeter(int) (*Meter, error) { return nil, errors.ErrUnsupported }

func processUsage(int) (usage, error) { return usage{}, errors.ErrUnsupported }

// MemoryOf fails for the same reason.
func MemoryOf(int) (MemoryUsage, error) { return MemoryUsage{}, errors.ErrUnsupported }

func AcceptQueue(string) (int, error) { return 0, errors.ErrUnsupported }

func HeldConnections(string) (int, error) { return 0, errors.ErrUnsupported }
