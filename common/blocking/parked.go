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
	fd    int
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
	p := parked{raw, c.ready, -1}
	_ = raw.Control(func(fd uintptr) {
		p.fd = int(fd)
		sock.TellMore(p.fd) // if not, each read is followed by another
	})
	return p
}

// serve parks the goroutine until the client says something, or until the
// deadline, as long as there is nothing else to do.
func (p *parked) serve(c *Conn) {
	if err := p.raw.Read(p.ready); err != nil && c.borrow() {
		c.Fed(0, err)
	}
}

// ready reads what has come and answers it, until there is no more. It returns
// false for the runtime to wait and then call it again.
//
// The runtime's poller tells of what comes, once, and not of what is there: bytes
// and the end of the stream that have come together are one event. So package
// net reads until it is told that it would have to wait, two reads for each
// request. Here the kernel says with the first one whether there is more. Of a
// reset it says nothing, but a reply that could be written is proof that there
// was none; what comes later is an event of its own.
func (c *Conn) ready(fd uintptr) (done bool) {
	for c.borrow() {
		n, more, err := sock.ReadMore(int(fd), c.buf)
		if err == sock.ErrWouldBlock {
			c.Drained()
			c.giveBack()
			return false
		}
		c.Fed(n, err)
		answered := len(c.Output()) > 0
		if answered {
			c.Wrote(sock.System.Write(int(fd), c.Output()))
		}
		if c.Wants() != session.Read {
			return true
		}
		if answered && !more {
			c.Drained()
			return false
		}
	}
	return true
}
