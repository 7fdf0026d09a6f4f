// Command kv-netpoll is a peer on github.com/cloudwego/netpoll.
package main

import (
	"context"
	"net"
	"syscall"

	"github.com/cloudwego/netpoll"

	"github.com/ioflavors/ioflavors/common/frame"
	"github.com/ioflavors/ioflavors/tools/peers/internal/answer"
	"github.com/ioflavors/ioflavors/tools/peers/internal/command"
)

func main() {
	flags := command.Parse(true)
	command.Fatal(netpoll.Configure(netpoll.Config{PollerNum: flags.Loops}))
	ln, err := net.Listen("tcp", flags.Addr)
	command.Fatal(err)
	s := &server{answer.Concurrent()}
	loop, err := netpoll.NewEventLoop(s.onRequest)
	command.Fatal(err)
	command.Fatal(loop.Serve(ln))
}

type server struct{ answerer *answer.Answerer }

// batch is the number of reply bytes that are sent before further requests are
// answered.
const batch = 64 << 10

// onRequest runs on a goroutine of netpoll's pool when there is input. It
// answers all of it. It also waits for the rest of an incomplete frame, but
// sends the finished replies first.
func (s *server) onRequest(_ context.Context, c netpoll.Connection) error {
	replies := answer.Buffer()
	defer answer.Free(replies)
	in := c.Reader()
	for in.Len() > 0 {
		if len(*replies) > batch || !whole(in) {
			if flush(c, replies) != nil {
				return c.Close()
			}
		}
		request, err := next(in)
		if err != nil {
			return c.Close() // the peer has left
		}
		var broken bool
		if *replies, _, broken = s.answerer.Append(*replies, request); broken {
			return end(c, replies)
		}
	}
	if flush(c, replies) != nil {
		return c.Close()
	}
	return nil
}

// whole reports whether the next frame is completely there.
func whole(in netpoll.Reader) bool {
	if in.Len() < frame.Header {
		return false
	}
	header, err := in.Peek(frame.Header)
	if err != nil {
		return false
	}
	size, err := frame.Size(header, answer.MaxFrame)
	return err != nil || size <= in.Len()
}

// next waits for a frame, or for the header of an invalid one.
func next(in netpoll.Reader) ([]byte, error) {
	header, err := in.Peek(frame.Header)
	if err != nil {
		return nil, err
	}
	size, err := frame.Size(header, answer.MaxFrame)
	if err != nil {
		size = frame.Header
	}
	return in.Next(size)
}

// flush sends the replies, and returns when all are sent. It releases the
// input read so far.
func flush(c netpoll.Connection, replies *[]byte) error {
	if len(*replies) > 0 {
		if _, err := c.Writer().WriteBinary(*replies); err != nil {
			return err
		}
		if err := c.Writer().Flush(); err != nil {
			return err
		}
		*replies = (*replies)[:0]
	}
	return c.Reader().Release()
}

// end sends the replies and a FIN, and discards later input: closing with
// unread input resets the connection, which can destroy the refusal on its
// way.
func end(c netpoll.Connection, replies *[]byte) error {
	err := flush(c, replies)
	if err == nil {
		err = syscall.Shutdown(c.(netpoll.Conn).Fd(), syscall.SHUT_WR)
	}
	for in := c.Reader(); err == nil; {
		if err = in.Skip(max(1, in.Len())); err == nil {
			err = in.Release()
		}
	}
	return c.Close()
}
