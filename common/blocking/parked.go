package blocking

import (
	"syscall"

	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/common/sock"
)

// parked is a stream on which no thread blocks: Go's runtime parks the goroutine,
// and waits for all such sockets with one poller. Package net's Read holds a buffer
// during the whole wait, and before each call it checks the deadline, takes a lock
// and tells the scheduler. Here one call asks the runtime to wait, and the runtime
// calls ready whenever the socket may be readable. Only then is a buffer borrowed,
// so a silent client holds none.
type parked struct {
	raw   syscall.RawConn              // nil: the runtime does not wait for the stream
	ready func(fd uintptr) (done bool) // made once, because a closure for each wait would be garbage
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
		sock.TellMore(p.fd) // without it each read would need another after it
	})
	return p
}

// serve parks the goroutine until the client's bytes come, and answers them. It
// returns at the deadline, or when ready does.
func (p *parked) serve(c *Conn) {
	if err := p.raw.Read(p.ready); err != nil && c.borrow() {
		c.HandleRead(0, err)
	}
}

// ready reads and answers until no bytes are left. If it returns false, the runtime
// waits and then calls it again.
//
// The runtime's poller is edge-triggered: it reports arrivals once, and bytes that
// arrive together with the end of the stream are one event. So package net reads
// until EAGAIN, which makes two reads for each request. Here the kernel says with
// the first read whether there is more. It does not say so of a reset. But if a
// reply could be written, there was no reset before, and a later one is an event of
// its own.
func (c *Conn) ready(fd uintptr) (done bool) {
	for c.borrow() {
		n, more, err := sock.ReadMore(int(fd), c.buf)
		if err == sock.ErrWouldBlock {
			c.Drained()
			c.giveBack()
			return false
		}
		c.HandleRead(n, err)
		answered := len(c.Output()) > 0
		if answered {
			c.HandleWrite(sock.System.Write(int(fd), c.Output()))
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
