//go:build !linux

package generator

import (
	"time"

	"github.com/ioflavors/ioflavors/eventloop/poller"
)

// alarm stands for a timer finer than the poller's milliseconds. Here the
// generator polls without a pause for the last two milliseconds instead.
type alarm struct{}

func newAlarm(*poller.Poller) (alarm, error) { return alarm{}, nil }

// pollTimeout returns the timeout for the poller, so that its wait ends after d
// at the latest.
func (alarm) pollTimeout(d time.Duration) (time.Duration, error) {
	return max(0, d-2*time.Millisecond).Truncate(time.Millisecond), nil
}

func (alarm) close() {}
