//go:build unix

package sock

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// On 32-bit systems a timeout of 292 years became a time before 1970, and the kernel
// did not wait at all: a client without a deadline kept its thread busy.
func TestNoTimeoutIsTooLong(t *testing.T) {
	for _, d := range []time.Duration{math.MaxInt64, math.MaxInt32 * time.Second, time.Hour, time.Second} {
		assert.Positive(t, timeval(d).Sec, "%v", d)
	}
	assert.EqualValues(t, 3600, timeval(time.Hour).Sec)
	for _, d := range []time.Duration{0, -1, math.MinInt64} {
		tv := timeval(d) // 0 would mean no timeout
		assert.Zero(t, tv.Sec, "%v", d)
		assert.EqualValues(t, 1, tv.Usec, "%v", d)
	}
}
