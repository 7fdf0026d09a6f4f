package iouring

import (
	"io"
	"os"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/ioflavors/ioflavors/common/nonblocking"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/common/sock"
	"github.com/ioflavors/ioflavors/iouring/ring"
)

// loop serves all clients on one goroutine.
type loop struct {
	core     *server.Core
	lane     *server.Lane
	calls    sock.Calls
	ring     uring
	acceptor acceptor
	cutoff   nonblocking.Cutoff
	conns    *nonblocking.Conns
	byFD     []*conn // the same connections, by descriptor
	open     int     // number of connections
	born     uint32  // connections ever made: the youngest's generation
	touched  []*conn // connections for which endIteration must call next
	sends    []*conn // connections with a queued send
	hurry    bool    // the next operations depend on the sends, so do not wait
	dry      []*conn // connections for which no buffer was left
	woken    atomic.Bool
	pauses   pauses
}

// shots is how many completions of one receive the kernel makes before it turns to
// other sockets. When the receive begins it makes up to three times as many.
const shots = 33

// run is the whole model: hand over operations, wait for completions, handle them,
// and queue the next operations.
func (l *loop) run() error {
	for l.core.Phase() == server.Serving || !l.acceptor.closed || l.acceptor.Holding() || l.open > 0 {
		asked := l.lane.EndIteration()
		l.acceptor.ask(l.core.Phase(), asked)
		l.cutoff.Begin(asked, shots*(l.open+1), l.acceptor.Held())
		done, err := l.ring.Wait(l.patience(asked)) // the only call that blocks
		if l.refused(err) {
			continue
		}
		if err != nil {
			return err
		}
		now := l.lane.Tick()
		l.sent(done)
		l.refresh()
		for next := range slices.Chunk(done, server.PrefetchBatch) {
			l.prefetch(next)
			for _, d := range next {
				l.completed(d, now)
			}
		}
		if l.woken.Swap(false) {
			l.handlePhase()
		}
		if l.core.Phase() != server.Serving {
			l.closeAcceptor(now)
		}
		l.cutoff.Handled(len(done), !l.hurry && !l.ring.Behind() && len(l.dry) == 0)
		l.watchClocks()
		l.endIteration()
	}
	return l.acceptor.Ended()
}

// next queues the operations that a client's session wants, cancels those that it
// no longer wants, and closes the connection when it has ended.
func (l *loop) next(c *conn) {
	c.touched, c.fed = false, false
	wants := c.Wants()
	if wants&session.Write != 0 && c.doing&awaiting == 0 {
		c.sent = allSent
		l.ring.Send(c.FD(), c.Output(), c.token(ring.Send))
		l.sends = append(l.sends, c)
		l.hurry = l.hurry || wants&session.Read == 0
	}
	switch reading := c.doing & (receiving | cancelled); {
	case wants&session.Read != 0 && reading == 0:
		l.ring.Recv(c.FD(), c.token(ring.Recv))
		c.doing |= receiving
	case wants&session.Read == 0 && reading == receiving:
		l.ring.Cancel(c.token(ring.Recv))
		c.doing |= cancelled
	}
	switch {
	case wants == 0 && c.doing&(awaiting|forgotten) == awaiting:
		l.ring.Cancel(c.token(ring.Writable))
		c.doing |= forgotten
	case wants == 0 && c.doing == 0:
		l.close(c)
	}
}

// sent handles the results of the sends. Only sends that failed or fell short have
// completions.
func (l *loop) sent(done []ring.Completion) {
	l.hurry = false
	if len(l.sends) == 0 {
		return
	}
	for _, d := range done {
		if c := l.conn(d.Token); c != nil && d.Token.Operation() == ring.Send {
			c.sent = d.Result
		}
	}
	for _, c := range l.sends {
		switch n := c.sent; {
		case n == allSent:
			c.HandleWrite(len(c.Output()), nil)
		case n >= 0:
			c.HandleWrite(int(n), nil)
		case syscall.Errno(-n) == syscall.EAGAIN:
			c.HandleWrite(0, sock.ErrWouldBlock)
		default:
			c.HandleWrite(0, os.NewSyscallError("send", syscall.Errno(-n)))
		}
		if c.sent != allSent && c.Wants()&session.Write != 0 {
			l.ring.Writable(c.FD(), c.token(ring.Writable))
			c.doing |= awaiting
		}
		if c.Wants() != session.Read || c.doing != receiving {
			l.touch(c)
		}
	}
	clear(l.sends)
	l.sends = l.sends[:0]
}

// completed handles one completion of any operation but a send.
func (l *loop) completed(d ring.Completion, now time.Duration) {
	if d.Token.Operation() == ring.Accept {
		if fd, ok := l.acceptor.completed(d, now); ok {
			l.acceptor.Admit(fd, l.add)
		}
		return
	}
	c := l.conn(d.Token)
	switch {
	case c == nil:
		return
	case d.Token.Operation() == ring.Recv:
		l.received(c, d)
	case d.Token.Operation() == ring.Writable:
		l.writable(c, d)
	}
	l.touch(c)
}

// received feeds a client's session from the buffer that the kernel filled, and
// returns the buffer.
func (l *loop) received(c *conn, d ring.Completion) {
	if !d.More() {
		c.doing &^= receiving | cancelled
	}
	var buf []byte
	id, lent := d.Buffer()
	if lent {
		buf = l.ring.Buffer(id)
	}
	switch err := d.Err(); err {
	case nil:
		if d.Result == 0 {
			c.HandleReadFrom(nil, 0, io.EOF)
		} else {
			c.HandleReadFrom(buf[:d.Result], int(d.Result), nil)
			c.fed = true
		}
		if !d.Unread() {
			c.Drained()
		}
	case syscall.ENOBUFS:
		l.dry = append(l.dry, c)
		c.HandleReadFrom(nil, 0, sock.ErrWouldBlock)
	case syscall.ECANCELED, syscall.EINTR:
	default:
		c.HandleReadFrom(nil, 0, os.NewSyscallError("recv", err))
	}
	if lent {
		l.ring.Return(id)
	}
}
