package kvserver

import (
	"context"
	"errors"
	"net"
)

// ErrUnavailable is why Serve fails where the system lacks what the model needs,
// or refuses it. The error that wraps it says what that is.
var ErrUnavailable = errors.New("not available here")

// Server is what every model offers, in the manner of net/http. The methods
// may be called in any order and concurrently; Shutdown and Close any number
// of times.
type Server interface {
	// Validate returns why the server cannot be what its configuration asks
	// for; nil if it can. ListenAndServe and Serve return the same, before
	// they start anything.
	Validate() error
	// ListenAndServe listens on a TCP address and calls Serve.
	ListenAndServe(addr string) error
	// Serve serves the listener's clients until Shutdown or Close, and then
	// returns ErrServerClosed; its error is never nil. It closes the
	// listener, and returns when nothing of the server runs any more. A
	// server serves once.
	Serve(ln net.Listener) error
	// Shutdown stops accepting, answers every request received in full, and
	// closes the connections. It returns when that is done, or ctx.Err()
	// when ctx is; what is not finished then goes on until Close.
	Shutdown(ctx context.Context) error
	// Close closes the listener and all connections at once.
	Close() error
	// Stats returns the server's counters.
	Stats() Stats
}
