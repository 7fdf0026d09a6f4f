package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/common/sock"
	"github.com/ioflavors/ioflavors/eventloop/poller"
)

// null is a server that answers this package's generator with next to no work:
// it reads only the key of a request, stores nothing, and knows every reply
// beforehand. The rate that the generator reaches against it is about the
// highest that the generator can reach.
type null struct {
	data     *dataset
	listener int
	poller   *poller.Poller
	conns    map[int]*nullConn
	shared   []byte // the buffer into which all connections read, within one iteration of the loop
	replies  []byte // made within one iteration
}

type nullConn struct {
	in  []byte // the beginning of a request
	out []byte // replies that the socket had no room for
}

// ServeNull answers, on one goroutine, a generator with the workload's protocol,
// keys and values, until ctx is done. With spin it never sleeps, so it does not
// have to be woken.
func ServeNull(ctx context.Context, ln net.Listener, w Workload, spin bool) error {
	data, err := newDataset(ctx, w)
	if err != nil {
		return err
	}
	p, err := poller.New(1024)
	if err != nil {
		return err
	}
	s := &null{data: data, poller: p, conns: make(map[int]*nullConn), shared: make([]byte, readSize)}
	defer s.close()
	if s.listener, err = sock.System.Listen(ln); err != nil {
		return err
	}
	if err := p.Add(s.listener, session.Read); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, p.Wake)
	defer stop()
	var patience time.Duration = -1
	if spin {
		patience = 0
	}
	for ctx.Err() == nil {
		events, err := p.Wait(patience)
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

// MeasureCeiling returns how many requests per second the generator reaches in a
// closed loop against a null server in this process, with the workload's
// connections and depth. With spin the server never sleeps, and needs a core of
// its own.
func MeasureCeiling(ctx context.Context, w Workload, duration time.Duration, spin bool) (float64, error) {
	w.Rate = 0
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("load: ceiling: %w", err)
	}
	addr := ln.Addr().String()
	serving, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- ServeNull(serving, ln, w, spin) }()
	r, err := Run(ctx, Config{Addr: addr, Workload: w, Warmup: duration / 4, Duration: duration})
	stop()
	if err := errors.Join(err, <-ended, r.Errors.Err()); err != nil {
		return 0, fmt.Errorf("load: ceiling: %w", err)
	}
	if r.Requests == 0 {
		return 0, fmt.Errorf("load: ceiling: no reply within %v: this machine is too busy to measure anything", duration)
	}
	return r.Rate, nil
}

func (s *null) accept() {
	fd, err := sock.System.Accept(s.listener)
	if err != nil {
		return // the generator has given up, or will time out
	}
	if err := s.poller.Add(fd, session.Read); err != nil {
		_ = sock.System.Close(fd)
		return
	}
	s.conns[fd] = new(nullConn)
}

// serve writes the rest of the replies, or reads once if there is none. An
// error ends the connection.
func (s *null) serve(fd int) error {
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
		n, err := s.answer(data)
		if err != nil {
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

func (s *null) write(fd int, c *nullConn, replies []byte) error {
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

// answer appends the reply to the request at the beginning of data, and returns
// the length of the request: 0 if it is incomplete.
func (s *null) answer(data []byte) (int, error) {
	d := s.data
	if len(data) < d.get.size { // and a put is no shorter
		return 0, nil
	}
	key, err := keyNumber(data[len(d.get.before):], d.keys)
	if err == nil && d.get.match(data, d.key(key), nil) > 0 {
		s.replies = d.templates(key).found.append(s.replies, d.key(key), d.value(key))
		return d.get.size, nil
	}
	// A put's key has the same place for every value size.
	if key, err = keyNumber(data[len(d.templates(0).put.before):], d.keys); err != nil {
		return 0, err
	}
	size := d.templates(key).put.size
	if len(data) < size {
		return 0, nil
	}
	s.replies = d.stored.append(s.replies, nil, nil)
	return size, nil
}

// keyNumber returns the number of the key at the beginning of data.
func keyNumber(data []byte, keys int) (int, error) {
	n := 0
	if len(data) >= keySize {
		for _, c := range data[len("key:"):keySize] {
			n = n*10 + int(c-'0')
		}
	}
	if len(data) < keySize || n < 0 || n >= keys {
		return 0, fmt.Errorf("load: %s is not one of %d keys", clip(data), keys)
	}
	return n, nil
}

func (s *null) close() {
	for fd := range s.conns {
		_ = sock.System.Close(fd)
	}
	if s.listener > 0 {
		_ = sock.System.Close(s.listener)
	}
	_ = s.poller.Close()
}
