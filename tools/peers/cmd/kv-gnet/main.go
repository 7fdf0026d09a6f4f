// Command kv-gnet is a peer on github.com/panjf2000/gnet. Build it with the tag
// poll_opt.
package main

import (
	"syscall"

	"github.com/panjf2000/gnet/v2"

	"github.com/ioflavors/ioflavors/common/frame"
	"github.com/ioflavors/ioflavors/tools/peers/internal/answer"
	"github.com/ioflavors/ioflavors/tools/peers/internal/command"
)

func main() {
	flags := command.Parse(true)
	command.Fatal(gnet.Run(
		&server{answerer: answer.OnLoops(flags.Loops)},
		"tcp://"+flags.Addr,
		gnet.WithNumEventLoop(flags.Loops),
		gnet.WithReusePort(true), // a loop accepts its own connections, so one loop is one goroutine
	))
}

type server struct {
	gnet.BuiltinEventEngine
	answerer *answer.Answerer
}

// ended is the context of a connection whose requests are no longer
// answered.
type ended struct{}

// OnTraffic answers the buffered requests. gnet keeps the rest.
func (s *server) OnTraffic(c gnet.Conn) gnet.Action {
	if c.Context() != nil {
		_, _ = c.Discard(-1) // until the peer's FIN, after which gnet closes
		return gnet.None
	}
	if !whole(c) {
		return gnet.None
	}
	data, err := c.Peek(-1)
	if err != nil {
		return gnet.Close
	}
	replies := answer.Buffer()
	defer answer.Free(replies)
	var used int
	var broken bool
	*replies, used, broken = s.answerer.Append(*replies, data)
	if used > 0 { // 0 would discard all
		_, _ = c.Discard(used)
	}
	if _, err := c.Write(*replies); err != nil {
		return gnet.Close
	}
	if broken {
		return end(c)
	}
	return gnet.None
}

// whole reports whether there is a whole frame, or an invalid one, to answer.
// It peeks at the header first, because peeking at all of an incomplete frame
// copies its bytes.
func whole(c gnet.Conn) bool {
	buffered := c.InboundBuffered()
	header, err := c.Peek(min(buffered, frame.Header))
	if err != nil {
		return false
	}
	size, err := frame.Size(header, answer.MaxFrame)
	return err != nil || size > 0 && size <= buffered
}

// end sends a FIN, and discards later input: closing with unread input resets
// the connection, which can destroy the refusal on its way. gnet does not tell
// when it has sent its buffered replies; if there are any, end closes the
// connection.
func end(c gnet.Conn) gnet.Action {
	if c.OutboundBuffered() > 0 || syscall.Shutdown(c.Fd(), syscall.SHUT_WR) != nil {
		return gnet.Close
	}
	c.SetContext(ended{})
	_, _ = c.Discard(-1)
	return gnet.None
}
