package server

import (
	"sync/atomic"
	"time"
)

// throttle limits a log line that concerns many clients at once to one a
// second. An operator must learn of the event; counting belongs to Stats.
type throttle struct{ next, suppressed atomic.Int64 }

// allow reports whether the line may be written at the server's time now, and
// how many lines were suppressed since the last one.
func (t *throttle) allow(now time.Duration) (suppressed int64, ok bool) {
	next := t.next.Load()
	if int64(now) < next || !t.next.CompareAndSwap(next, int64(now+time.Second)) {
		t.suppressed.Add(1)
		return 0, false
	}
	return t.suppressed.Swap(0), true
}
