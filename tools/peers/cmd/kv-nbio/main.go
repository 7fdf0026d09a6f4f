// Command kv-nbio is a peer on github.com/lesismal/nbio.
package main

import (
	"syscall"

	"github.com/lesismal/nbio"
	"github.com/lesismal/nbio/logging"

	"github.com/ioflavors/ioflavors/tools/peers/internal/answer"
	"github.com/ioflavors/ioflavors/tools/peers/internal/command"
)

func main() {
	flags := command.Parse(true)
	logging.SetLevel(logging.LevelError)
	engine := nbio.NewEngine(nbio.Config{
		Network:  "tcp",
		Addrs:    []string{flags.Addr},
		NPoller:  flags.Loops,
		EpollMod: nbio.EPOLLET,
	})
	s := &server{answer.OnLoops(flags.Loops)}
	engine.OnOpen(func(c *nbio.Conn) { c.SetSession(new(conn)) })
	engine.OnData(s.onData)
	command.Fatal(engine.Start())
	select {} // until a signal
}

type server struct{ answerer *answer.Answerer }

type conn struct {
	rest  []byte // an incomplete frame
	ended bool   // no further requests are answered
}

// onData answers the bytes that a poller has read, on the poller's
// goroutine.
func (s *server) onData(c *nbio.Conn, data []byte) {
	state := c.Session().(*conn)
	if state.ended {
		return // until the peer's FIN, after which nbio closes
	}
	if len(state.rest) > 0 {
		state.rest = append(state.rest, data...)
		data = state.rest
	}
	replies := answer.Buffer()
	defer answer.Free(replies)
	var used int
	var broken bool
	*replies, used, broken = s.answerer.Append(*replies, data)
	state.rest = append(state.rest[:0], data[used:]...)
	if len(*replies) > 0 {
		if _, err := c.Write(*replies); err != nil {
			return // nbio has closed the connection
		}
	}
	if broken {
		state.rest, state.ended = nil, true
		end(c)
	}
}

// end sends a FIN, and discards later input: closing with unread input resets
// the connection, which can destroy the refusal on its way. nbio does not tell
// which replies it has not sent yet; those are lost.
func end(c *nbio.Conn) {
	raw, err := c.SyscallConn()
	if err == nil {
		err = raw.Control(func(fd uintptr) { _ = syscall.Shutdown(int(fd), syscall.SHUT_WR) })
	}
	if err != nil {
		_ = c.Close()
	}
}
