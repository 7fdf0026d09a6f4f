// Command kv-net is a peer on Go's standard library alone: a goroutine for each
// connection reads the bytes that are there, answers all whole requests in
// them, and sends the replies in one write.
package main

import (
	"io"
	"net"

	"github.com/ioflavors/ioflavors/tools/peers/internal/answer"
	"github.com/ioflavors/ioflavors/tools/peers/internal/command"
)

func main() {
	flags := command.Parse(false)
	ln, err := net.Listen("tcp", flags.Addr)
	command.Fatal(err)
	answerer := answer.Concurrent()
	for {
		conn, err := ln.Accept()
		command.Fatal(err)
		go serve(conn.(*net.TCPConn), answerer)
	}
}

// firstRead is the initial size of a connection's buffer, in bytes: that of a
// bufio.Reader. The buffer grows with its frames.
const firstRead = 4 << 10

func serve(conn *net.TCPConn, answerer *answer.Answerer) {
	defer conn.Close()
	in, out := make([]byte, 0, firstRead), []byte(nil)
	for {
		if len(in) == cap(in) {
			in = append(in, 0)[:len(in)] // about twice as large
		}
		n, err := conn.Read(in[len(in):cap(in)])
		in = in[:len(in)+n]
		var used int
		var broken bool
		if out, used, broken = answerer.Append(out[:0], in); len(out) > 0 {
			if _, err := conn.Write(out); err != nil {
				return
			}
		}
		in = in[:copy(in, in[used:])]
		switch {
		case broken:
			// Closing with unread input resets the connection, which can destroy the
			// refusal on its way.
			if conn.CloseWrite() == nil {
				_, _ = io.Copy(io.Discard, conn)
			}
			return
		case err != nil:
			return
		}
	}
}
