package server

import (
	"fmt"
	"sync/atomic"

	"github.com/ioflavors/ioflavors/common/store"
)

// Reason says why a connection was closed.
type Reason uint8

// The reasons. Every accepted connection is closed for one of them.
const (
	ClosedByPeer     Reason = iota // the peer ended its stream between frames
	ClosedDone                     // the protocol ended it in good order, as after a request to quit
	ClosedTruncated                // the peer ended its stream inside a frame
	ClosedBroken                   // the peer or the network broke it, mostly by a reset
	ClosedFailed                   // a system call failed on this side, for example for lack of memory
	ClosedProtocol                 // the peer sent bytes that are not a frame
	ClosedTooLong                  // MaxFrame; bytes that are not a frame may look like this, too
	ClosedIdle                     // IdleTimeout
	ClosedSlowFrame                // FrameTimeout
	ClosedSlowReader               // WriteTimeout
	ClosedMemory                   // MemoryLimit
	ClosedTurn                     // TurnLimit
	ClosedRefused                  // MaxConns, or too little of another resource
	ClosedPanic                    // a request made the handler panic
	ClosedShutdown                 // served to the end at Shutdown
	ClosedKilled                   // Close
	reasons
)

var reasonNames = [reasons]string{
	"peer", "done", "truncated", "broken", "failed", "protocol", "too-long", "idle", "slow-frame", "slow-reader",
	"memory", "turn", "refused", "panic", "shutdown", "killed",
}

func (r Reason) String() string {
	if r < reasons {
		return reasonNames[r]
	}
	return fmt.Sprintf("Reason(%d)", uint8(r))
}

// Stats are a server's counters since its start. Accepted is always Active plus the sum
// of Closed.
type Stats struct {
	Accepted int64            `json:"accepted"` // connections
	Active   int64            `json:"active"`   // connections open now
	Closed   map[string]int64 `json:"closed"`   // connections, by Reason
	Requests int64            `json:"requests"` // frames answered
	BytesIn  int64            `json:"bytes_in"`
	BytesOut int64            `json:"bytes_out"`
	// AcceptErrors counts failed accepts. Accepting pauses for a moment after each.
	AcceptErrors int64 `json:"accept_errors"`
	// Pauses counts how often the server stopped reading a client, because OutputLimit
	// bytes of its replies were unsent.
	Pauses int64 `json:"pauses"`
	// Stats of the protocol's store; zero if the protocol has none.
	store.Stats
	// BufferBytes is the size of the connections' buffers now.
	BufferBytes int64 `json:"buffer_bytes"`
}

// counters are one lane's counters of requests and bytes, on cache lines of their own.
type counters struct {
	_        [64]byte
	requests atomic.Int64
	bytesIn  atomic.Int64
	bytesOut atomic.Int64
	_        [64]byte
}
