// Package protocols has the protocols that the tests of servers run. They use all that
// a session.Handler may do: the key/value protocol knows from the first bytes how long a
// request is, makes replies where there is room, and has no state. The protocol of lines
// knows no length before a request's end, lets append grow the output, keeps state for
// each connection, and can be asked to end it. Redis's protocol knows the length of each
// part of a request, and keeps how far it has read.
package protocols

import (
	"github.com/ioflavors/ioflavors/common/exchanges"
	"github.com/ioflavors/ioflavors/common/servertest/dialogue"
)

// setup returns the exchange as one that each connection has once, before all others.
func setup(e exchanges.Exchange) exchanges.Exchange {
	e.Setup = true
	return e
}

// All returns all protocols.
func All() []dialogue.Protocol { return []dialogue.Protocol{KeyValue, Lines, RESP} }
