package iouring

import (
	"math"

	"github.com/ioflavors/ioflavors/common/nonblocking"
	"github.com/ioflavors/ioflavors/iouring/ring"
)

// conn is a connection, and the state of its operations.
type conn struct {
	nonblocking.Conn
	generation uint32 // tells it from others that had its descriptor
	sent       int32  // the result of the last send
	doing      doing
	touched    bool // it is in the loop's list of the same name
	fed        bool // it got a buffer in this iteration
}

// doing is the set of a connection's operations in the kernel. Until it is empty
// the socket must not be closed.
type doing uint8

const (
	receiving doing = 1 << iota
	awaiting        // waiting for space to send more
	cancelled       // receiving has been cancelled
	forgotten       // awaiting has been cancelled
)

// allSent is the value of conn.sent if the send has no completion.
const allSent = math.MaxInt32

func (c *conn) token(op ring.Operation) ring.Token {
	return ring.NewToken(c.FD(), c.generation, op)
}
