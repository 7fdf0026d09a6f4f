package asynclog

import (
	"sync/atomic"
	"time"
)

// Throttle limits a log line that concerns many clients at once to one a second. An
// operator must learn of the event; counting belongs to statistics. Its zero value is
// ready, and safe for concurrent use.
type Throttle struct {
	next       atomic.Int64 // when the next line may come, in ns since 1970
	suppressed atomic.Int64
}

// Allow reports whether the line may be written now, and how many lines were suppressed
// since the last one. If the system's clock is set back, it allows the next line.
func (t *Throttle) Allow() (suppressed int64, ok bool) {
	const pause = int64(time.Second)
	now, next := time.Now().UnixNano(), t.next.Load()
	if now < next && next-now <= pause || !t.next.CompareAndSwap(next, now+pause) {
		t.suppressed.Add(1)
		return 0, false
	}
	return t.suppressed.Swap(0), true
}
