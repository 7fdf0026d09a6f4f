package iouring

import (
	"math"

	"github.com/ioflavors/ioflavors/common/nonblocking"
	"github.com/ioflavors/ioflavors/iouring/ring"
)

// conn is a connection, and what the kernel does for it.
type conn struct {
	nonblocking.Conn
	generation uint32 // tells it from others that had its descriptor
	sent       int32  // what became of a send, as completions tell
	doing      doing
	touched    bool // it is in the loop's turn
	fed        bool // it got a buffer in this turn
}

// doing is what the kernel does for a connection, as a set. While it does
// anything the socket is in its hands, and cannot be closed.
type doing uint8

const (
	receiving doing = 1 << iota
	awaiting        // room to send more
	cancelled       // receiving is to end
	forgotten       // awaiting is to end
)

// allSent is what conn.sent is if there is no completion.
const allSent = math.MaxInt32

func (c *conn) token(op ring.Operation) ring.Token {
	return ring.NewToken(c.FD(), c.generation, op)
}
