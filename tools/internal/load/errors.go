package load

import (
	"fmt"

	"github.com/ioflavors/ioflavors/tools/internal/printable"
)

// Errors counts the errors from the first request to the last, warm-up
// included.
type Errors struct {
	// Wrong counts wrong replies.
	Wrong int64 `json:"wrong"`
	// Broken counts connections that the server closed, that failed, or that no
	// longer carried the protocol.
	Broken int64 `json:"broken"`
	// TimedOut counts connections that were given up because a reply was late.
	TimedOut int64 `json:"timed_out"`
	// Unanswered counts the requests in flight on broken and timed-out
	// connections.
	Unanswered int64 `json:"unanswered"`
	// First describes the first error.
	First string `json:"first,omitempty"`
}

// Count returns how many errors there were.
func (e *Errors) Count() int64 { return e.Wrong + e.Broken + e.TimedOut }

// Err returns nil if there were none.
func (e *Errors) Err() error {
	if e.Count() == 0 {
		return nil
	}
	return fmt.Errorf("%d errors (%d wrong replies, %d broken connections, %d timeouts); the first: %s",
		e.Count(), e.Wrong, e.Broken, e.TimedOut, e.First)
}

// Note keeps the first error for the report. The caller counts it.
func (e *Errors) Note(err error) {
	if e.First == "" {
		e.First = printable.Line(err.Error())
	}
}
