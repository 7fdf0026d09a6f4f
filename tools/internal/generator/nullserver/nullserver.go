// Package nullserver is a server that answers package generator with next to no work:
// it reads only the key of a request, stores nothing, and knows every reply
// beforehand, or the exchanges of a file. The rate that the generator reaches against it is about the highest
// that the generator can reach.
package nullserver

import (
	"context"
	"errors"
	"io"
	"net"
	"time"

	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/common/sock"
	"github.com/ioflavors/ioflavors/eventloop/poller"
	"github.com/ioflavors/ioflavors/tools/internal/generator/wire"
	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// server is one loop with its connections.
type server struct {
	codec    wire.Codec
	listener int
	poller   *poller.Poller
	conns    map[int]*conn
	shared   []byte // the buffer into which all connections read, within one iteration of the loop
	replies  []byte // made within one iteration
}

type conn struct {
	in  []byte // the beginning of a request
	out []byte // replies that the socket had no room for
	at  int    // its place in the exchanges of a file
}

// readSize is the most that one read takes, in bytes.
const readSize = 256 << 10

// Serve answers, on one goroutine, a generator with the workload's requests, until ctx
// is done. Validate of package wire must accept the workload. With spin it never sleeps, so it does not
// have to be woken.
func Serve(ctx context.Context, ln net.Listener, w load.Workload, spin bool) error {
	codec, err := wire.New(ctx, w)
	if err != nil {
		return err
	}
	p, err := poller.New(1024)
	if err != nil {
		return err
	}
	s := &server{codec: codec, poller: p, conns: make(map[int]*conn), shared: make([]byte, readSize)}
	defer s.close()
	if s.listener, err = sock.System.Listen(ln); err != nil {
		return err
	}
	if err := p.Add(s.listener, session.Read); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, p.Wake)
	defer stop()
	var timeout time.Duration = -1
	if spin {
		timeout = 0
	}
	for ctx.Err() == nil {
		events, err := p.Wait(timeout)
		if err != nil {
			return err
		}
		for _, ev := range events {
			if ev.FD == s.listener {
				s.accept()
			} else if err := s.serve(ev.FD); err != nil {
				_ = p.Remove(ev.FD)
				_ = sock.System.Close(ev.FD)
				delete(s.conns, ev.FD)
			}
		}
	}
	return nil
}

func (s *server) accept() {
	fd, err := sock.System.Accept(s.listener)
	if err != nil {
		return // the generator has given up, or will time out
	}
	if err := s.poller.Add(fd, session.Read); err != nil {
		_ = sock.System.Close(fd)
		return
	}
	s.conns[fd] = new(conn)
}

// serve writes the rest of the replies, or reads once if there is none. An
// error ends the connection.
func (s *server) serve(fd int) error {
	c := s.conns[fd]
	if len(c.out) > 0 {
		return s.write(fd, c, c.out)
	}
	n, err := sock.System.Read(fd, s.shared)
	switch {
	case errors.Is(err, sock.ErrWouldBlock):
		return nil
	case err != nil:
		return err
	case n == 0:
		return io.EOF
	}
	data := s.shared[:n]
	if len(c.in) > 0 {
		c.in = append(c.in, data...)
		data = c.in
	}
	s.replies = s.replies[:0]
	for len(data) > 0 {
		n := 0
		if s.replies, n, err = s.codec.Answer(s.replies, data, &c.at); err != nil {
			return err
		}
		if n == 0 {
			break
		}
		data = data[n:]
	}
	c.in = append(c.in[:0], data...)
	return s.write(fd, c, s.replies)
}

func (s *server) write(fd int, c *conn, replies []byte) error {
	n, err := sock.System.Write(fd, replies)
	if err != nil && !errors.Is(err, sock.ErrWouldBlock) {
		return err
	}
	waited := len(c.out) > 0
	c.out = append(c.out[:0], replies[n:]...)
	switch waits := len(c.out) > 0; {
	case waits && !waited:
		return s.poller.Modify(fd, session.Write)
	case waited && !waits:
		return s.poller.Modify(fd, session.Read)
	}
	return nil
}

func (s *server) close() {
	for fd := range s.conns {
		_ = sock.System.Close(fd)
	}
	if s.listener > 0 {
		_ = sock.System.Close(s.listener)
	}
	_ = s.poller.Close()
}
