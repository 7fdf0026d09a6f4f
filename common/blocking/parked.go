package blocking

import (
	"syscall"

	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/common/sock"
)

// parked is a stream on which no thread blocks: Go's runtime parks the
// goroutine, and waits for all such sockets with one poller. Package net reads
// as one would from a socket that blocks: with a buffer in hand all the while,
// and with a deadline to look at, a lock to take and the scheduler to tell
// before each call. Here the runtime is asked to wait once, and calls back
// whenever the socket may have something to say. The buffer is borrowed only
// then: a silent client holds none.
type parked struct {
	raw   syscall.RawConn              // nil: the stream is none of the runtime's
	ready func(fd uintptr) (done bool) // made once: a closure for each wait would be garbage
}

func park(c *Conn) parked {
	s, ok := c.stream.(syscall.Conn)
	if !ok || !sock.Supported {
		return parked{}
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return parked{}
	}
	return parked{raw, c.ready}
}

// serve parks the goroutine until the client says something, or until the
// deadline, as long as there is nothing else to do.
func (p *parked) serve(c *Conn) {
	if err := p.raw.Read(p.ready); err != nil && c.borrow() {
		c.Fed(0, err)
	}
}

// ready reads what has come and answers it, until it would have to wait. It
// returns false for the runtime to wait and then call it again.
func (c *Conn) ready(fd uintptr) (done bool) {
	for c.borrow() {
		n, err := sock.System.Read(int(fd), c.buf)
		if err == sock.ErrWouldBlock {
			c.Drained()
			c.giveBack()
			return false
		}
		c.Fed(n, err)
		if len(c.Output()) > 0 {
			c.Wrote(sock.System.Write(int(fd), c.Output()))
		}
		if c.Wants() != session.Read {
			return true
		}
	}
	return true
}
