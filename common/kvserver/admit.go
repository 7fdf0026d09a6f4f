package kvserver

import (
	"fmt"
	"strings"
)

// Admit takes a place for a client that was accepted, and returns "". If there is
// none, it returns why the client is refused. Lane.Open is given the answer, and
// Conn.Closed gives the place back.
//
// A loop that has a client to refuse has to look for others first that have left
// by then: see package nonblocking.
func (h *Host) Admit() (refusal string) {
	if h.places.Add(1) > int64(h.Limits.MaxConns) {
		h.places.Add(-1)
		return fmt.Sprintf("all %d connections are in use", h.Limits.MaxConns)
	}
	if h.needs != nil {
		if refusal = h.needs(); refusal != "" {
			h.places.Add(-1)
		}
	}
	return refusal
}

// told is how much of a refusal the client is told. Details, which are in parentheses,
// are for the log: they name limits and control groups of this system.
func told(refusal string) string {
	reason, _, _ := strings.Cut(refusal, " (")
	return reason
}
