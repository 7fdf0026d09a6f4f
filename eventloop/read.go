package eventloop

import (
	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/eventloop/poller"
)

// readSize is the size of a read, in bytes. A read of a long frame's rest may be
// larger.
const readSize = 64 << 10

// read is the result of one read from a client, before it is handled.
type read struct {
	own  []byte // readSize bytes
	buf  []byte // own, or the session's ReadBuffer for the rest of a long frame
	n    int
	err  error
	done bool // whether the read was made
}

// makeBuffers gives each read its buffer. The buffers begin readSize and one cache line
// apart, because at multiples of readSize they would compete for one place in the cache.
func (l *loop) makeBuffers() {
	const line = 64
	memory := make([]byte, len(l.reads)*(readSize+line))
	for i := range l.reads {
		at := i * (readSize + line)
		l.reads[i].own = memory[at : at+readSize]
	}
}

// from makes one read from the client, if its session wants one.
func (r *read) from(c *conn) {
	if r.done = c.Wants()&session.Read != 0; r.done {
		if r.buf = c.ReadBuffer(); r.buf == nil {
			r.buf = r.own
		}
		r.n, r.err = c.Read(r.buf)
	}
}

// readAhead reads from the clients of some events, at most as many as there are
// reads, before any of them is answered. So the store can prefetch the keys of all
// of them, and the processor waits for memory once instead of once for each key.
func (l *loop) readAhead(events []poller.Event) {
	for i, ev := range events {
		r := &l.reads[i]
		r.done = false
		if l.acceptor != nil && ev.FD == l.acceptor.FD || ev.Ready&session.Read == 0 || l.byFD[ev.FD] == nil {
			continue
		}
		if r.from(l.byFD[ev.FD]); r.done && r.n > 0 {
			l.lane.Collect(r.buf[:r.n])
		}
	}
	l.lane.Prefetch()
}

// serve reads from a client that may be ready, and answers it, outside a batch.
func (l *loop) serve(c *conn) {
	r := &l.reads[0] // free: no read of a batch waits to be handled now
	r.from(c)
	l.answer(c, r)
}
