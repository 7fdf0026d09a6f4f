package kvserver

import (
	"sync/atomic"
	"time"
)

// throttle keeps a log line that concerns many clients at once down to one a
// second: an operator has to learn of it, and the log is no place to count.
type throttle struct{ next atomic.Int64 }

// allow reports whether the line may be written at this time of the server.
func (t *throttle) allow(now time.Duration) bool {
	next := t.next.Load()
	return int64(now) >= next && t.next.CompareAndSwap(next, int64(now+time.Second))
}
