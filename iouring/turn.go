package iouring

import (
	"os"
	"syscall"
	"time"

	"github.com/ioflavors/ioflavors/common/kvserver"
	"github.com/ioflavors/ioflavors/common/nonblocking"
	"github.com/ioflavors/ioflavors/iouring/ring"
)

// add begins to serve a client, or to refuse it.
func (l *loop) add(fd int, refusal string) {
	l.calls.Tune(fd)
	l.born++
	c := &conn{generation: l.born}
	l.timers.Open(&c.Conn, fd, refusal)
	for fd >= len(l.conns) {
		l.conns = append(l.conns, nil)
	}
	l.conns[fd] = c
	l.open++
	l.touch(c)
}

// closeFront stops accepting, when the kernel has let go of the listener. At
// Shutdown the clients in the listen queue count as received, and are served.
func (l *loop) closeFront(now time.Duration) {
	if l.front.accepting || l.front.closed {
		return
	}
	if l.host.Phase() == kvserver.Draining {
		for fd, ok := l.front.Accept(now); ok; fd, ok = l.front.Accept(now) {
			l.front.Admit(fd, l.add)
		}
	}
	l.front.close()
}

// touch notes that next is to be called for a connection.
func (l *loop) touch(c *conn) {
	if !c.touched {
		c.touched = true
		l.turn = append(l.turn, c)
	}
}

// endTurn thinks of what comes next for everybody to whom something has happened.
// Those who got no buffer are first: the kernel gives them in the order in which it
// is told. Held clients are last, because clients that have left have made room.
func (l *loop) endTurn() {
	for _, c := range l.dry {
		if !c.fed {
			l.next(c)
		}
	}
	l.nextOfTurn()
	if l.ahead == 0 && l.front.Holding() {
		l.front.Judge(l.asked, l.add)
		l.nextOfTurn()
	}
}

// nextOfTurn calls next for each connection that was touched.
func (l *loop) nextOfTurn() {
	for _, c := range l.turn {
		if c.touched {
			l.next(c)
		}
	}
	clear(l.turn)
	l.turn = l.turn[:0]
}

// conn returns the connection that a token is about, nil if it is closed.
func (l *loop) conn(t ring.Token) *conn {
	if slot := t.Slot(); slot < len(l.conns) {
		if c := l.conns[slot]; c != nil && c.generation == t.Generation() {
			return c
		}
	}
	return nil
}

// foresee shows the store what is asked for in completions, before any of them is
// looked into: all of it has been received already, as it never has where each
// client is read when it has its turn. So it waits once for what is in no cache,
// and not once for each client.
func (l *loop) foresee(done []ring.Completion) {
	for _, d := range done {
		if id, ok := d.Buffer(); ok && d.Result > 0 {
			l.lane.Expect(l.ring.Buffer(id)[:d.Result])
		}
	}
	l.lane.Fetch()
}

// writable notes that there is room to send more to a client, or that the wait for
// room has failed.
func (l *loop) writable(c *conn, d ring.Completion) {
	c.doing &^= awaiting | forgotten
	if err := d.Err(); err != nil && err != syscall.ECANCELED {
		c.Wrote(0, os.NewSyscallError("poll", err))
	}
	l.hurry = true // its clock is not to be judged before it has taken something
}

// refresh notes that those for whom there was no buffer have been tried again,
// with all buffers there. What that has brought is among the completions.
func (l *loop) refresh() {
	for _, c := range l.dry {
		c.Drained()
	}
	clear(l.dry)
	l.dry = l.dry[:0]
}

// catchUp follows the server into its next phase.
func (l *loop) catchUp() {
	for _, c := range l.conns {
		if c != nil {
			c.CatchUp()
			l.touch(c)
		}
	}
}

// watchClocks ends, or warns, the clients whose time had come when the kernel
// was asked, once what they had sent by then has been taken: nobody is judged late
// because this server was, even if the whole process was stopped. Whoever is told
// to go for want of memory is not waited for.
func (l *loop) watchClocks(completions int) {
	asOf := nonblocking.Interrupted
	if l.ahead -= completions; l.ahead <= 0 || !l.hurry && !l.ring.Behind() && len(l.dry) == 0 {
		asOf, l.ahead = l.asOf, 0
	}
	for c := l.timers.Expired(asOf); c != nil; c = l.timers.Expired(asOf) {
		l.touch(l.conns[c.FD()])
	}
}

// brief is how long a wait may be before which something is sent: that is done
// at the wait's beginning, and known, to the clocks too, at its end.
const brief = 5 * time.Millisecond

// patience is how long Wait may wait: until the next clock runs out, but not if
// something is to be done as soon as all is sent.
func (l *loop) patience(now time.Duration) time.Duration {
	if l.hurry || l.front.Holding() {
		return 0
	}
	next, ok := l.timers.Next()
	sooner := func(at time.Duration, is bool) {
		if is && (!ok || at < next) {
			next, ok = at, true
		}
	}
	sooner(l.front.resumes())
	sooner(now+brief, len(l.sends) > 0)
	if !ok {
		return -1
	}
	return max(0, next-now)
}

// close closes a connection of which the kernel has let go.
func (l *loop) close(c *conn) {
	l.conns[c.FD()] = nil
	l.open--
	l.timers.Close(&c.Conn)
	l.front.Freed()
}
