package poller

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// A wait that ends early would be repeated at once; one that ends late keeps a clock
// waiting. So a timeout is rounded up, by less than a millisecond.
func TestATimeoutIsRoundedUpToMilliseconds(t *testing.T) {
	for timeout, want := range map[time.Duration]int{
		-1: -1, 0: 0, 1: 1, time.Millisecond - 1: 1, time.Millisecond: 1, time.Millisecond + 1: 2, 5 * time.Second: 5000,
		1 << 62: 1 << 30,
	} {
		assert.Equal(t, want, milliseconds(timeout), timeout)
	}
}
