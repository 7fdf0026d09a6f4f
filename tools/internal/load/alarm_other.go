//go:build !linux

package load

import (
	"time"

	"github.com/ioflavors/ioflavors/eventloop/poller"
)

// alarm wakes the poller at a time that it cannot express itself, which here
// means to ask it over and over for the last two milliseconds.
type alarm struct{}

func newAlarm(*poller.Poller) (alarm, error) { return alarm{}, nil }

// patience returns how long to wait in the poller, so that it ends after d at
// the latest.
func (alarm) patience(d time.Duration) (time.Duration, error) {
	return max(0, d-2*time.Millisecond).Truncate(time.Millisecond), nil
}

func (alarm) close() {}
