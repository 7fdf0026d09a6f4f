package kvserver

import (
	"time"

	"github.com/ioflavors/ioflavors/common/frame"
	"github.com/ioflavors/ioflavors/common/store"
)

const (
	// readSize is how much is read at a time at most, in bytes: what one
	// client can get answered before the next one has its turn.
	readSize = 64 << 10
	// longTurn is how long a loop's turn is at least that is made allowance
	// for. It is less than any clock's time.
	longTurn = 10 * time.Millisecond
)

// Foresight is of how many clients a Lane can look ahead at a time.
const Foresight = store.Lookahead

// foreseer is a kv.Handler that looks ahead.
type foreseer interface {
	Expect(request []byte) (hash uint64, ok bool)
	Fetch(hashes [Foresight]uint64, n int)
}

// Lane is what connections share that are served on the same thread: a clock,
// a read buffer, and counters that no other thread's cache has to give up. A
// model with one thread has one lane; one with a thread for each connection
// spreads them over a few.
type Lane struct {
	// Others reports whether clients wait that cannot be served before the
	// present one has left. Models set it in which that can happen.
	Others func() bool
	// Wake ends the wait of the lane's loop, as soon as it can. It is called on
	// other goroutines. Models set it that have several loops.
	Wake func()

	host  *Host
	now   time.Duration // the time of a loop's present turn
	loops bool          // Tick sets now; else the time is asked for
	// What happened in the last long turn, at long by the lane's clock, may
	// have happened as late as longEnd.
	long, longEnd time.Duration

	expected [Foresight]uint64 // what Fetch will want to know,
	expect   int               // of so many requests

	buf     []byte
	holders holders
	count   counters
}

// Tick begins a turn of a loop and sets the lane's clock: everything that
// happens in the turn happens at that time.
func (l *Lane) Tick() time.Duration {
	l.now, l.loops = l.host.Since(), true
	if l.holders.asked.Load() {
		l.holders.releaseTold()
	}
	return l.now
}

// EndTurn ends a turn, and returns the present time. If it was a long one (much
// work, or a process that was stopped meanwhile) nobody who was served in it
// is taken to have been silent since it began.
func (l *Lane) EndTurn() time.Duration {
	now := l.host.Since()
	if now-l.now > longTurn {
		l.long, l.longEnd = l.now, now
	}
	return now
}

// latest returns when something may have happened at the latest, of which the
// lane's clock says that it happened at t.
func (l *Lane) latest(t time.Duration) time.Duration {
	if t == l.long {
		return max(t, l.longEnd)
	}
	return t
}

// Now returns the lane's time since the server's start.
func (l *Lane) Now() time.Duration {
	if l.loops {
		return l.now
	}
	return l.host.Since()
}

// Expect notes that p is about to be fed to one of the lane's connections, for
// Fetch, of at most Foresight that are noted at a time. It is for those who
// have received from several clients before they answer the first: a session can do
// so only for requests of its own.
func (l *Lane) Expect(p []byte) {
	if size, err := frame.Size(p, l.host.session.MaxFrame); err != nil || size == 0 || size != len(p) || l.host.foreseer == nil || l.expect == len(l.expected) {
		return // in more than one request its session's handler looks ahead, and this would be in the way
	}
	if token, ok := l.host.foreseer.Expect(frame.Body(p)); ok {
		l.expected[l.expect] = token
		l.expect++
	}
}

// Fetch has the store look for all that is expected at the same time. If it is fed
// in that order, and little else between, it need not be waited for.
func (l *Lane) Fetch() {
	if l.expect > 1 {
		l.host.foreseer.Fetch(l.expected, l.expect)
	}
	l.expect = 0
}

// Host returns the host whose lane it is.
func (l *Lane) Host() *Host { return l.host }

// Buffer returns the lane's read buffer, which its connections use in turn.
func (l *Lane) Buffer() []byte {
	if l.buf == nil {
		l.buf = make([]byte, readSize)
	}
	return l.buf
}
