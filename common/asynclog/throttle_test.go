package asynclog

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestAThrottleAllowsOneLineASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lines Throttle
		allow := func(want bool, wantSuppressed int64) {
			t.Helper()
			suppressed, ok := lines.Allow()
			assert.Equal(t, want, ok)
			assert.Equal(t, wantSuppressed, suppressed)
		}
		allow(true, 0)
		allow(false, 0)
		allow(false, 0)
		time.Sleep(time.Second - time.Nanosecond)
		allow(false, 0)
		time.Sleep(time.Nanosecond)
		allow(true, 3)
		time.Sleep(time.Hour)
		allow(true, 0)

		// The system's clock was an hour ahead, and was set back.
		lines.next.Store(time.Now().Add(time.Hour).UnixNano())
		allow(true, 0)
		allow(false, 0)
	})
}
