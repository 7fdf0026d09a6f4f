package kvserver

import (
	"sync/atomic"
	"time"
)

// throttle keeps a log line that concerns many clients at once down to one a
// second: an operator has to learn of it, and the log is no place to count.
type throttle struct{ next, suppressed atomic.Int64 }

// allow reports whether the line may be written at this time of the server, and
// how many have been suppressed since the last one.
func (t *throttle) allow(now time.Duration) (suppressed int64, ok bool) {
	next := t.next.Load()
	if int64(now) < next || !t.next.CompareAndSwap(next, int64(now+time.Second)) {
		t.suppressed.Add(1)
		return 0, false
	}
	return t.suppressed.Swap(0), true
}
