package eventloop

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/ioflavors/ioflavors/common/kvserver"
	"github.com/ioflavors/ioflavors/common/nonblocking"
	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/common/sock"
)

// conn is a connection, and what the poller watches it for.
type conn struct {
	nonblocking.Conn
	watched session.Interest
}

// loop serves its connections on one goroutine.
type loop struct {
	host   *kvserver.Host
	lane   *kvserver.Lane
	calls  sock.Calls
	poller watcher
	batch  int           // of events that it returns at a time
	asOf   time.Duration // clocks will be judged as of then,
	ahead  int           // after so many events more
	asked  int64         // the number of the last client that was held then
	heard  atomic.Int64  // the same, once all that had left by then are closed
	timers *nonblocking.Loop
	conns  []*conn      // by descriptor
	given  atomic.Int64 // clients to this loop by the front, and not closed
	ended  []*conn      // to be closed when the batch of events is done
	front  *front       // accepts; only one loop has it
	mail   mailbox      // from other goroutines
	reads  [kvserver.Foresight]read
}

// run is the whole model: wait until somebody has something to say or a clock
// has run out, and see to all of that before waiting again.
func (l *loop) run() error {
	defer l.closeAll()
	for !l.done() {
		asked := l.lane.EndTurn()
		if l.ahead <= 0 { // all who were ready then have been served
			l.asOf, l.ahead = asked, int(l.given.Load())+1
			l.asked = l.mail.front.Held()
		}
		events, err := l.poller.Wait(l.patience(asked)) // the only call that blocks
		if err != nil {
			return err
		}
		now := l.lane.Tick()
		for next := range slices.Chunk(events, kvserver.Foresight) {
			l.readAhead(next)
			for i, ev := range next {
				if l.front != nil && ev.FD == l.front.FD {
					l.front.called = true
				} else if c := l.conns[ev.FD]; c != nil {
					l.answer(c, &l.reads[i])
				}
			}
		}
		l.readMail()
		// After a full batch somebody may be ready who was not in it. But the
		// kernel takes turns, so it comes to each in as many events as there
		// are descriptors.
		asOf := nonblocking.Interrupted
		if l.ahead -= len(events); l.ahead <= 0 || len(events) < l.batch {
			asOf, l.ahead = l.asOf, 0
		}
		l.watchClocks(asOf)
		l.closeEnded()
		l.accept(now) // last, because clients that have left have made room
	}
	return kvserver.ErrServerClosed
}

// answer goes on with a client after one read of it, with one write: whoever has
// more to say is ready again in the next turn, after the others.
func (l *loop) answer(c *conn, r *read) {
	if r.done {
		c.FedFrom(r.buf, r.n, r.err)
	}
	// There is nearly always room for a reply; then the poller need not watch.
	if c.Wants()&session.Write != 0 {
		c.Wrote(c.Write(c.Output()))
	}
	l.watch(c)
}

// watch has the poller watch for what the client waits for now.
func (l *loop) watch(c *conn) {
	wants := c.Wants()
	switch {
	case wants == 0:
		l.ended = append(l.ended, c)
	case wants != c.watched:
		c.watched = wants
		if err := l.poller.Modify(c.FD(), mask(wants)); err != nil {
			l.drop(c, err)
		}
	}
}

// readMail does what other goroutines have asked for: serve a client that the
// front has accepted, or follow the server into its next phase.
func (l *loop) readMail() {
	clients, phaseChanged := l.mail.open()
	for _, fd := range clients {
		l.add(fd, "")
	}
	if !phaseChanged {
		return
	}
	if l.front != nil {
		l.front.close()
	}
	for _, c := range l.conns {
		if c != nil {
			c.CatchUp()
			l.serve(c)
		}
	}
}

// watchClocks ends, or warns, the clients whose time had come when the poller
// was asked. Who had sent something by then was among the events, so nobody is
// judged late because this server was, even if the whole process was stopped.
// Whoever is told to go for want of memory is not waited for.
func (l *loop) watchClocks(asOf time.Duration) {
	for c := l.timers.Expired(asOf); c != nil; c = l.timers.Expired(asOf) {
		// Who has filled the buffer may have sent more, as long as no read says no.
		l.serve(l.conns[c.FD()])
	}
}

// closeEnded closes connections at the end of a batch, not within: their
// descriptors' numbers would be given to new clients, while events of the
// former owners may still lie in the batch.
func (l *loop) closeEnded() {
	for _, c := range l.ended {
		if l.conns[c.FD()] != c {
			continue // it has ended twice
		}
		l.conns[c.FD()] = nil
		l.given.Add(-1)
		l.timers.Close(&c.Conn)
		l.mail.freed()
	}
	clear(l.ended)
	l.ended = l.ended[:0]
}

// done reports whether the loop has nothing more to do, and never will.
func (l *loop) done() bool {
	return l.host.Phase() != kvserver.Serving && l.front == nil && l.given.Load() == 0 && l.mail.close()
}
