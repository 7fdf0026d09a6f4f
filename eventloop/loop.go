package eventloop

import (
	"slices"
	"sync/atomic"

	"github.com/ioflavors/ioflavors/common/nonblocking"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/common/sock"
)

// conn is a connection, and the readiness for which the poller watches it.
type conn struct {
	nonblocking.Conn
	watched session.Interest
}

// loop serves its connections on one goroutine.
type loop struct {
	core     *server.Core
	lane     *server.Lane
	calls    sock.Calls
	poller   watcher
	batch    int // the poller's capacity, in events
	cutoff   nonblocking.Cutoff
	heard    atomic.Int64 // the cutoff's held client; set once all clients that had left by the cutoff are closed
	conns    *nonblocking.Conns
	byFD     []*conn      // the same connections, by descriptor
	assigned atomic.Int64 // clients assigned to this loop and not yet closed
	ended    []*conn      // to close at the end of the batch
	acceptor *acceptor    // nil in all loops but one
	mail     mailbox      // from other goroutines
	reads    [server.PrefetchBatch]read
}

// run is the whole model: wait until a client is ready or a timer is due, handle
// all ready clients and due timers, and wait again.
func (l *loop) run() error {
	defer l.closeAll()
	for !l.done() {
		asked := l.lane.EndIteration()
		l.cutoff.Begin(asked, int(l.assigned.Load())+1, l.mail.acceptor.Held())
		events, err := l.poller.Wait(l.patience(asked)) // the only call that blocks
		if err != nil {
			return err
		}
		now := l.lane.Tick()
		for next := range slices.Chunk(events, server.PrefetchBatch) {
			l.readAhead(next)
			for i, ev := range next {
				if l.acceptor != nil && ev.FD == l.acceptor.FD {
					l.acceptor.called = true
				} else if c := l.byFD[ev.FD]; c != nil {
					l.answer(c, &l.reads[i])
				}
			}
		}
		l.readMail()
		// The kernel reports descriptors in turn, so it has reported all of them
		// after as many events as there are descriptors.
		l.cutoff.Handled(len(events), len(events) < l.batch)
		l.watchClocks()
		l.closeEnded()
		l.accept(now) // after closeEnded, which frees places
	}
	return server.ErrServerClosed
}

// answer handles one read from a client, and makes one write. A client with more
// to read is ready again in the next iteration, after the others had their reads.
func (l *loop) answer(c *conn, r *read) {
	if r.done {
		c.HandleReadFrom(r.buf, r.n, r.err)
	}
	// The socket nearly always takes the whole reply. Then the poller need not
	// watch it for writing.
	if c.Wants()&session.Write != 0 {
		c.HandleWrite(c.Write(c.Output()))
	}
	l.watch(c)
}

// watch has the poller watch the client for what its session wants now.
func (l *loop) watch(c *conn) {
	wants := c.Wants()
	switch {
	case wants == 0:
		l.ended = append(l.ended, c)
	case wants != c.watched:
		c.watched = wants
		if err := l.poller.Modify(c.FD(), wants); err != nil {
			l.drop(c, err)
		}
	}
}

// readMail does what other goroutines have asked for: it serves clients that the
// acceptor has assigned to this loop, or follows the server into its next phase.
func (l *loop) readMail() {
	clients, phaseChanged := l.mail.open()
	for _, fd := range clients {
		l.add(fd, "")
	}
	if !phaseChanged {
		return
	}
	if l.acceptor != nil {
		l.acceptor.close()
	}
	for _, c := range l.byFD {
		if c != nil {
			c.HandlePhase()
			l.serve(c)
		}
	}
}

// watchClocks judges the clients whose timers were due at the cutoff. Clients that
// must give up memory are closed at once: see nonblocking.Interrupted.
func (l *loop) watchClocks() {
	timerCutoff := l.cutoff.Timers()
	for c := l.conns.Expired(timerCutoff); c != nil; c = l.conns.Expired(timerCutoff) {
		// If the last read filled the buffer, more bytes may be there, and
		// the client is not judged yet: read again.
		l.serve(l.byFD[c.FD()])
	}
}

// closeEnded closes connections at the end of a batch. Within the batch a new
// client could get the number of a closed descriptor, and with it the remaining
// events of the former owner.
func (l *loop) closeEnded() {
	for _, c := range l.ended {
		if l.byFD[c.FD()] != c {
			continue // it was in the list twice
		}
		l.byFD[c.FD()] = nil
		l.assigned.Add(-1)
		l.conns.Close(&c.Conn)
		l.mail.freed()
	}
	clear(l.ended)
	l.ended = l.ended[:0]
}

// done reports whether the loop has nothing more to do. Then it has closed its
// mailbox, so nothing can follow.
func (l *loop) done() bool {
	return l.core.Phase() != server.Serving && l.acceptor == nil && l.assigned.Load() == 0 && l.mail.close()
}
