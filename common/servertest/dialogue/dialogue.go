// Package dialogue says what a test must know of a protocol to talk to its servers:
// Protocol has the bytes to send, and the bytes that must come back. The suite that
// every model passes (servertest) and the fake kernel (sock/fakekernel) know no more of
// any protocol. Package protocols has the protocols that they run.
package dialogue

import (
	"github.com/ioflavors/ioflavors/common/exchanges"
	"github.com/ioflavors/ioflavors/common/session"
)

// Protocol is a protocol as its clients see it. Servers have their default limits,
// unless a field says otherwise.
type Protocol struct {
	// Name is one word, for the names of tests.
	Name string
	// New returns the protocol for one server, without data.
	New func() session.Protocol
	// Open begins the client's side of a connection.
	Open func() Talk
	// Exchanges are repeated in any order, on any number of connections at once, behind
	// those that set up a connection. No other reply depends on what was asked before.
	Exchanges []exchanges.Exchange
	// Quit ends the connection in good order. Its request is empty if the protocol has
	// none.
	Quit exchanges.Exchange
	// NoRequest has bytes that are no request, and the reply to them, which is the last
	// one of the connection.
	NoRequest exchanges.Exchange
	// TooLong has the first bytes of a request that is longer than limit, and the last
	// reply, which comes although the request is not whole.
	TooLong func(limit int) exchanges.Exchange
	// Refusal is the reply to a client that the server refuses for the reason.
	Refusal func(reason string) []byte
}

// Talk is the client's side of one connection. It returns requests in the order in which
// they are sent: a reply may depend on the connection's requests so far. Keys have
// letters, digits and hyphens, values have no line break.
type Talk interface {
	// Put stores a value.
	Put(key, value string) exchanges.Exchange
	// Get asks for a value that this connection has stored. The request may be sent any
	// number of times; the reply is always the same.
	Get(key, value string) exchanges.Exchange
}
