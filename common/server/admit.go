package server

import (
	"fmt"
	"strings"
)

// Admit takes a place for a client that was accepted, and returns "". If no place is
// free, it returns why the client is refused. Pass the result to Lane.Open; Conn.Closed
// gives the place back.
//
// Before a loop refuses a client it must look for clients that have left meanwhile: see
// package nonblocking.
func (core *Core) Admit() (refusal string) {
	if core.places.Add(1) > int64(core.Limits.MaxConns) {
		core.places.Add(-1)
		return fmt.Sprintf("all %d connections are in use", core.Limits.MaxConns)
	}
	if core.needs != nil {
		if refusal = core.needs(); refusal != "" {
			core.places.Add(-1)
		}
	}
	return refusal
}

// told returns the part of a refusal that the client is told. The details in
// parentheses are for the log only, because they name limits and control groups of this
// system.
func told(refusal string) string {
	reason, _, _ := strings.Cut(refusal, " (")
	return reason
}
