package server

import "time"

// Backoff is the length of the acceptor's pauses when the process or the system
// has no descriptor or no memory left: 5 ms at first, doubled each time, up to
// a second. Its zero value is ready.
type Backoff struct{ last time.Duration }

// Next returns the next pause.
func (b *Backoff) Next() time.Duration {
	b.last = min(max(2*b.last, 5*time.Millisecond), time.Second)
	return b.last
}

// Reset begins anew, after an accept that went well.
func (b *Backoff) Reset() { b.last = 0 }
