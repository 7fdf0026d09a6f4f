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

// batch is how many bytes of replies are sent although there are more requests.
const batch = 64 << 10

// onRequest runs on a goroutine of netpoll's pool when input has come. It
// answers all of it. For the rest of a frame it waits, but not before it has
// sent the replies that it owes.
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

// whole reports whether the next frame can be had without waiting.
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

// next waits for a frame, or for the header of what is none.
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

// flush sends the replies, and returns when all are sent. What was read until
// then is released.
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

// end sends what is owed and a FIN, and discards what still comes: to close
// with unread input is to reset the connection, which can destroy the refusal.
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
