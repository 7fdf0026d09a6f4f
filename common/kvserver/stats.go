package kvserver

import (
	"fmt"
	"sync/atomic"
)

// Reason says why a connection was closed.
type Reason uint8

// The reasons. Every connection that was accepted is closed for one of them.
const (
	ClosedByPeer     Reason = iota // it ended its stream between frames
	ClosedTruncated                // it ended its stream inside a frame
	ClosedBroken                   // the peer or the network broke it, by a reset mostly
	ClosedFailed                   // a system call failed on this side, for want of memory say
	ClosedProtocol                 // it sent what is no frame
	ClosedTooLong                  // MaxFrame; what is no frame at all looks like that, too
	ClosedIdle                     // IdleTimeout
	ClosedSlowFrame                // FrameTimeout
	ClosedSlowReader               // WriteTimeout
	ClosedMemory                   // MemoryLimit
	ClosedTurn                     // TurnLimit
	ClosedRefused                  // MaxConns, or too little of something else to serve it
	ClosedPanic                    // its request made the handler panic
	ClosedShutdown                 // it was served to the end at Shutdown
	ClosedKilled                   // Close
	reasons
)

var reasonNames = [reasons]string{
	"peer", "truncated", "broken", "failed", "protocol", "too-long", "idle", "slow-frame", "slow-reader",
	"memory", "turn", "refused", "panic", "shutdown", "killed",
}

func (r Reason) String() string {
	if r < reasons {
		return reasonNames[r]
	}
	return fmt.Sprintf("Reason(%d)", uint8(r))
}

// Stats are a server's counters since its start. Accepted is always Active plus
// the sum of Closed.
type Stats struct {
	Accepted int64            `json:"accepted"` // connections
	Active   int64            `json:"active"`   // connections open now
	Closed   map[string]int64 `json:"closed"`   // connections, by Reason
	Requests int64            `json:"requests"` // frames answered
	BytesIn  int64            `json:"bytes_in"`
	BytesOut int64            `json:"bytes_out"`
	// AcceptErrors counts failed accepts, after each of which accepting
	// paused for a moment.
	AcceptErrors int64 `json:"accept_errors"`
	// Pauses counts how often a client was read no more, because
	// OutputLimit bytes of its replies waited.
	Pauses int64 `json:"pauses"`
	// StoreFull counts the puts for which the store had no room.
	StoreFull int64 `json:"store_full"`
	// StoreErrors counts requests that failed because the store returned another
	// error, which the log has.
	StoreErrors int64 `json:"store_errors"`
	// Store is how full the store is; nil if that is a store of your own which does
	// not say (store.Bounded).
	Store *StoreUsage `json:"store,omitempty"`
	// BufferBytes is what connections' buffers hold now.
	BufferBytes int64 `json:"buffer_bytes"`
}

// StoreUsage is how full a store is.
type StoreUsage struct {
	Bytes int64 `json:"bytes"` // of keys, values and their bookkeeping
	Limit int64 `json:"limit"` // of these; 0: none
}

// counters are those of one lane: what is counted for each request, on cache
// lines of their own.
type counters struct {
	_        [64]byte
	requests atomic.Int64
	bytesIn  atomic.Int64
	bytesOut atomic.Int64
	_        [64]byte
}
