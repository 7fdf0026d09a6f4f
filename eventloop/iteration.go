package eventloop

import (
	"time"

	"github.com/ioflavors/ioflavors/common/session"
)

// add begins to serve a client, or to refuse it if refusal is not empty.
func (l *loop) add(fd int, refusal string) {
	c := &conn{watched: session.Read}
	l.conns.Open(&c.Conn, fd, refusal)
	for fd >= len(l.byFD) {
		l.byFD = append(l.byFD, nil)
	}
	l.byFD[fd] = c
	if err := l.poller.Add(fd, session.Read); err != nil {
		l.drop(c, err)
		return
	}
	l.serve(c) // its first request has often arrived already
}

// drop ends a connection that the poller cannot watch.
func (l *loop) drop(c *conn, err error) {
	c.HandleWrite(0, err)
	l.ended = append(l.ended, c)
}

// patience returns how long Wait may wait: until the next timer is due.
func (l *loop) patience(now time.Duration) time.Duration {
	if l.cutoff.Held() != l.heard.Load() {
		return 0 // held clients wait until the loop has looked at all connections
	}
	next, ok := l.conns.Next()
	if l.acceptor != nil {
		if at, is := l.acceptor.due(now); is && (!ok || at < next) {
			next, ok = at, true
		}
	}
	if !ok {
		return -1
	}
	return max(0, next-now)
}

// accept ends an iteration. It accepts last, because clients that left in this
// iteration have freed their places.
func (l *loop) accept(now time.Duration) {
	if held := l.cutoff.Held(); l.cutoff.Passed() && held != l.heard.Load() {
		l.heard.Store(held)
		l.mail.heard()
	}
	if l.acceptor != nil {
		l.acceptor.accept(now)
		l.closeEnded() // new clients that have left already
	}
}
