// Command login serves a protocol of lines whose connections have a state: a client has
// to log in before it may ask.
//
//	login --model multiblocking --addr 127.0.0.1:7070
package main

import (
	"bufio"
	"crypto/subtle"
	"errors"
	"strings"

	"github.com/ioflavors/ioflavors/busywait"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servercmd"
	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/eventloop"
	"github.com/ioflavors/ioflavors/iouring"
	"github.com/ioflavors/ioflavors/multiblocking"
	"github.com/ioflavors/ioflavors/singleblocking"
)

const password = "lovelace"

// open returns the function that answers a new connection. Its variables are the
// connection's state.
func open() session.Answer {
	user, wrong := "", 0
	return func(buf, line []byte) ([]byte, error) {
		verb, rest, _ := strings.Cut(string(line), " ")
		name, given, _ := strings.Cut(rest, " ")
		switch {
		case verb == "quit":
			return append(buf, "bye"...), session.Done
		case verb == "login" && subtle.ConstantTimeCompare([]byte(given), []byte(password)) == 1:
			user = name
			return append(buf, "welcome, "+name...), nil
		case verb == "login":
			if wrong++; wrong == 3 {
				return nil, errors.New("three wrong passwords") // the client is told, and the connection ends
			}
			return append(buf, "wrong password"...), nil
		case user == "":
			return append(buf, "log in first: login NAME PASSWORD"...), nil
		case verb == "whoami":
			return append(buf, user...), nil
		}
		return append(buf, "unknown request"...), nil
	}
}

func main() { servercmd.Main(program) }

var program = servercmd.Program{
	Name:      "login",
	Summary:   "a server that asks for a password",
	Models:    []server.Command{multiblocking.Command, singleblocking.Command, busywait.Command, eventloop.Command, iouring.Command},
	Protocols: []servercmd.Protocol{{Protocol: session.SplitConn(bufio.ScanLines, "\n", open)}},
}
