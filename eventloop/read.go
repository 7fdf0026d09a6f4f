package eventloop

import (
	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/eventloop/poller"
)

// readSize is how much is read of a client at a time, in bytes; more of a long
// frame.
const readSize = 64 << 10

// read is what was read of a client, and is not looked into yet.
type read struct {
	own  []byte // of readSize bytes
	buf  []byte // own, or the room for the rest of a long frame
	n    int
	err  error
	done bool // else nothing was read
}

// makeRoom gives each read its memory. The beginnings lie a line of the cache
// further apart than the size, or they would all compete for the same place in it.
func (l *loop) makeRoom() {
	const line = 64
	room := make([]byte, len(l.reads)*(readSize+line))
	for i := range l.reads {
		at := i * (readSize + line)
		l.reads[i].own = room[at : at+readSize]
	}
}

// from reads what the client's session wants, once.
func (r *read) from(c *conn) {
	if r.done = c.Wants()&session.Read != 0; r.done {
		if r.buf = c.Room(); r.buf == nil {
			r.buf = r.own
		}
		r.n, r.err = c.Read(r.buf)
	}
}

// readAhead reads of the clients of some events, as many as there are reads,
// before any of them is answered. So the store can look for all that they ask for
// at the same time, and waits once for what is in no cache instead of once for each.
func (l *loop) readAhead(events []poller.Event) {
	for i, ev := range events {
		r := &l.reads[i]
		r.done = false
		if l.front != nil && ev.FD == l.front.FD || ev.Ready&poller.Readable == 0 || l.conns[ev.FD] == nil {
			continue
		}
		if r.from(l.conns[ev.FD]); r.done && r.n > 0 {
			l.lane.Expect(r.buf[:r.n])
		}
	}
	l.lane.Fetch()
}

// serve reads of a client that may be ready, and answers it, beside a batch.
func (l *loop) serve(c *conn) {
	r := &l.reads[0] // of a batch it is answered by now, or it is the listener's
	r.from(c)
	l.answer(c, r)
}
