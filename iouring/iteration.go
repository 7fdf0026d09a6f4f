package iouring

import (
	"os"
	"syscall"
	"time"

	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/iouring/ring"
)

// add begins to serve a client, or to refuse it if refusal is not empty.
func (l *loop) add(fd int, refusal string) {
	l.calls.Tune(fd)
	l.born++
	c := &conn{generation: l.born}
	l.conns.Open(&c.Conn, fd, refusal)
	for fd >= len(l.byFD) {
		l.byFD = append(l.byFD, nil)
	}
	l.byFD[fd] = c
	l.open++
	l.touch(c)
}

// closeAcceptor stops accepting, once the kernel has let go of the listener. A
// draining server first accepts the clients in the listen queue, because their
// requests count as received.
func (l *loop) closeAcceptor(now time.Duration) {
	if l.acceptor.accepting || l.acceptor.closed {
		return
	}
	if l.core.Phase() == server.Draining {
		for fd, ok := l.acceptor.Accept(now); ok; fd, ok = l.acceptor.Accept(now) {
			l.acceptor.Admit(fd, l.add)
		}
	}
	l.acceptor.close()
}

// touch notes that endIteration must call next for a connection.
func (l *loop) touch(c *conn) {
	if !c.touched {
		c.touched = true
		l.touched = append(l.touched, c)
	}
}

// endIteration calls next for each connection that was touched in this iteration.
// Connections that got no buffer come first, because the kernel gives buffers in the
// order in which receives are queued. Held clients come last, because clients that
// left in this iteration have freed their places by then.
func (l *loop) endIteration() {
	for _, c := range l.dry {
		if !c.fed {
			l.next(c)
		}
	}
	l.nextTouched()
	if l.cutoff.Passed() && l.acceptor.Holding() {
		l.acceptor.Judge(l.cutoff.Held(), l.add)
		l.nextTouched()
	}
}

// nextTouched calls next for each connection that was touched.
func (l *loop) nextTouched() {
	for _, c := range l.touched {
		if c.touched {
			l.next(c)
		}
	}
	clear(l.touched)
	l.touched = l.touched[:0]
}

// conn returns the connection that a token names; nil if it is closed.
func (l *loop) conn(t ring.Token) *conn {
	if slot := t.Slot(); slot < len(l.byFD) {
		if c := l.byFD[slot]; c != nil && c.generation == t.Generation() {
			return c
		}
	}
	return nil
}

// prefetch has the store prefetch the keys of several completions before any of them
// is handled. It can, because all their bytes have been received already. So the
// processor waits for memory once, and not once for each client.
func (l *loop) prefetch(done []ring.Completion) {
	for _, d := range done {
		if id, ok := d.Buffer(); ok && d.Result > 0 {
			l.lane.Collect(l.ring.Buffer(id)[:d.Result])
		}
	}
	l.lane.Prefetch()
}

// writable notes that a client's socket has space for more output, or that the wait
// for it has failed.
func (l *loop) writable(c *conn, d ring.Completion) {
	c.doing &^= awaiting | forgotten
	if err := d.Err(); err != nil && err != syscall.ECANCELED {
		c.HandleWrite(0, os.NewSyscallError("poll", err))
	}
	l.hurry = true // send before the client's clocks are judged
}

// refresh notes that the clients for which no buffer was left have been tried again,
// with all buffers free. The bytes received since are among the completions.
func (l *loop) refresh() {
	for _, c := range l.dry {
		c.Drained()
	}
	clear(l.dry)
	l.dry = l.dry[:0]
}

// handlePhase follows the server into its next phase.
func (l *loop) handlePhase() {
	for _, c := range l.byFD {
		if c != nil {
			c.HandlePhase()
			l.touch(c)
		}
	}
}

// watchClocks judges the clients whose timers were due at the cutoff. Clients that
// must give up memory are closed at once: see nonblocking.Interrupted.
func (l *loop) watchClocks() {
	timerCutoff := l.cutoff.Timers()
	for c := l.conns.Expired(timerCutoff); c != nil; c = l.conns.Expired(timerCutoff) {
		l.touch(l.byFD[c.FD()])
	}
}

// brief bounds a wait that begins with sends. The kernel carries them out at the
// beginning, but the loop, and so the clocks, learn the result only at the end.
const brief = 5 * time.Millisecond

// patience returns how long Wait may wait: until the next timer is due. It is zero
// if the next operations depend on the sends, or clients are held.
func (l *loop) patience(now time.Duration) time.Duration {
	if l.hurry || l.acceptor.Holding() {
		return 0
	}
	next, ok := l.conns.Next()
	sooner := func(at time.Duration, is bool) {
		if is && (!ok || at < next) {
			next, ok = at, true
		}
	}
	sooner(l.acceptor.resumes())
	sooner(now+brief, len(l.sends) > 0)
	if !ok {
		return -1
	}
	return max(0, next-now)
}

// close closes a connection that the kernel has let go of.
func (l *loop) close(c *conn) {
	l.byFD[c.FD()] = nil
	l.open--
	l.conns.Close(&c.Conn)
	l.acceptor.Freed()
}
