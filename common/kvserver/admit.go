package kvserver

import "fmt"

// Admit takes a place for a client that was accepted, and returns "". If there is
// none, it returns why the client is refused. Lane.Open is given the answer, and
// Conn.Closed gives the place back.
//
// A loop that has a client to refuse has to look for others first that have left
// by then: see package nonblocking.
func (h *Host) Admit() (refusal string) {
	for {
		taken := h.places.Load()
		if taken >= int64(h.Limits.MaxConns) {
			return fmt.Sprintf("all %d connections are in use", h.Limits.MaxConns)
		}
		if h.lack != nil {
			if what := h.lack(); what != "" {
				return what
			}
		}
		if h.places.CompareAndSwap(taken, taken+1) {
			return ""
		}
	}
}
