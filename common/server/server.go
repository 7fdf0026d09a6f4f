package server

import (
	"context"
	"errors"
	"net"
)

// ErrUnavailable is why Serve fails where the system lacks, or does not permit,
// something that the model needs. The error that wraps it says what.
var ErrUnavailable = errors.New("not available here")

// Server is the interface of every model's server, in the style of net/http.
// The methods may be called in any order and concurrently; Shutdown and Close
// any number of times.
type Server interface {
	// Validate returns why the server cannot run with its configuration, or nil
	// if it can. ListenAndServe and Serve return the same error before they
	// start anything.
	Validate() error
	// ListenAndServe listens on a TCP address and calls Serve.
	ListenAndServe(addr string) error
	// Serve serves the listener's clients until Shutdown or Close, and then
	// returns ErrServerClosed. Its error is never nil. It closes the listener,
	// and returns when no goroutine of the server runs any more. A server
	// serves once.
	Serve(ln net.Listener) error
	// Shutdown stops accepting, answers every request received in full, and
	// closes the connections. It returns when that is done, or with ctx.Err()
	// when ctx is done. Connections that are still open then go on until Close.
	Shutdown(ctx context.Context) error
	// Close closes the listener and all connections at once.
	Close() error
	// Stats returns the server's counters.
	Stats() Stats
}
