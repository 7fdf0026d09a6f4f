package server

import (
	"runtime/debug"
	"time"

	"github.com/ioflavors/ioflavors/common/session"
)

const (
	// readSize is the largest number of bytes in one read. It bounds one client's share
	// of an iteration.
	readSize = 64 << 10
	// longIteration is the length from which an iteration counts as long: see
	// EndIteration. It is less than any clock's time.
	longIteration = 10 * time.Millisecond
)

// PrefetchBatch is the largest number of requests for which a Lane prefetches at a time.
const PrefetchBatch = session.PrefetchBatch

// Lane is the state shared by connections that are served on the same thread: a clock,
// a read buffer, and counters on cache lines that no other thread writes. A model with
// one thread has one lane. A model with a thread for each connection spreads them over
// a few lanes.
type Lane struct {
	// Others reports whether other clients wait that can be served only when the
	// present one has left. Models in which this can happen set it.
	Others func() bool
	// Wake ends the wait of the lane's loop as soon as possible. Other goroutines call
	// it. Models with several loops set it.
	Wake func()

	core  *Core
	now   time.Duration // when the loop's present iteration began
	loops bool          // Tick sets now; if false, Now asks for the time
	// The last long iteration began at long and ended at longEnd. An event that has the
	// time long may have happened as late as longEnd.
	long, longEnd time.Duration

	hashes    [PrefetchBatch]uint64 // of the collected requests' keys
	collected int                   // how many

	buf     []byte
	holders holders
	count   counters
}

// Tick begins an iteration of a loop and sets the lane's clock: all events of the
// iteration get that time.
func (l *Lane) Tick() time.Duration {
	l.now, l.loops = l.core.Since(), true
	if l.holders.asked.Load() {
		l.holders.releaseTold()
	}
	return l.now
}

// EndIteration ends an iteration, and returns the present time. If the iteration was
// long (much work, or a process that was stopped meanwhile), the silence of the clients
// served in it counts from its end, not from its beginning.
func (l *Lane) EndIteration() time.Duration {
	now := l.core.Since()
	if now-l.now > longIteration {
		l.long, l.longEnd = l.now, now
	}
	return now
}

// latest returns the latest true time of an event stamped t.
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
	return l.core.Since()
}

// Collect notes the key of a request p that is about to be fed to one of the lane's
// connections, for Prefetch. It notes at most PrefetchBatch keys. It is for loops that
// have received from several clients before they answer the first: a session can only
// prefetch for its own requests.
func (l *Lane) Collect(p []byte) {
	if l.core.prefetcher == nil || l.collected == len(l.hashes) {
		return
	}
	defer l.recoverPanic()
	// Several requests have no hash: the session prefetches for them itself, and this
	// would interfere.
	if hash, ok := l.core.prefetcher.Hash(p, l.core.session.MaxRequest); ok {
		l.hashes[l.collected] = hash
		l.collected++
	}
}

// Prefetch has the store look up all collected keys at the same time. Requests that are
// then fed in that order, with little else in between, find their records in the
// processor's cache.
func (l *Lane) Prefetch() {
	n := l.collected
	if l.collected = 0; n > 1 {
		defer l.recoverPanic()
		l.core.prefetcher.Prefetch(l.hashes, n)
	}
}

// recoverPanic ends a panic of the protocol's while it prefetches. Its clients are
// served all the same.
func (l *Lane) recoverPanic() {
	if v := recover(); v != nil {
		l.core.ServedOtherwise("without prefetching", &session.PanicError{Value: v, Stack: debug.Stack()})
	}
}

// Core returns the lane's core.
func (l *Lane) Core() *Core { return l.core }

// Buffer returns the lane's read buffer. Its connections share it.
func (l *Lane) Buffer() []byte {
	if l.buf == nil {
		l.buf = make([]byte, readSize)
	}
	return l.buf
}
