package blocking

import (
	"syscall"

	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/common/sock"
)

// parked is a stream on which no thread blocks: Go's runtime parks the goroutine,
// and waits for all such sockets with one poller. Package net's Read holds a buffer
// during the whole wait, and before each call it checks the deadline, takes a lock
// and tells the scheduler. Here one call asks the runtime to wait for all of a
// connection's requests, and a buffer is borrowed only when bytes may have come. So
// a silent client holds none.
//
// The runtime's poller is edge-triggered: it reports arrivals once, and bytes that
// arrive together with the end of the stream are one event. So package net reads
// until EAGAIN, which makes two reads for each request. Here the kernel says with
// the first read whether there is more. It does not report a reset in this way. But if
// a reply could be written, there was no reset before, and a later one is an event of
// its own.
type parked struct {
	raw   syscall.RawConn // nil: the runtime does not wait for the stream
	fd    int
	last  bool // the last read took all bytes that had come
	empty bool // nothing is left to read, so the runtime must wait
}

func park(s Stream) parked {
	conn, ok := s.(syscall.Conn)
	if !ok || !sock.Supported {
		return parked{}
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return parked{}
	}
	p := parked{raw: raw, fd: -1}
	_ = raw.Control(func(fd uintptr) {
		p.fd = int(fd)
		sock.TellMore(p.fd) // without it each read would need another after it
	})
	return p
}

// Ready is the loop of a connection's goroutine: "for range c.Ready". It runs the loop
// body each time that the connection may be read, or has output to write. It ends when
// the connection wants neither any more.
//
// If Go's runtime waits for the socket, Ready is the call that blocks until bytes come.
// Otherwise Ready does not wait, and Read blocks.
func (c *Conn) Ready(body func() bool) {
	p, on := &c.parked, true
	// The runtime calls serve at once. After each false it calls serve again when bytes
	// come.
	serve := func(uintptr) (done bool) {
		for {
			p.empty = false
			if on = body(); !on || c.Wants() != session.Read {
				return true
			}
			if p.empty {
				c.Drained()
				return false
			}
		}
	}
	for on && c.Wants() != 0 {
		if p.raw == nil || len(c.Output()) > 0 {
			on = body()
		} else if err := p.raw.Read(serve); err != nil && c.borrow() {
			c.HandleRead(0, err)
		}
	}
}
