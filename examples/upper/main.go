// Command upper serves a protocol of lines: a request is a line, and its reply is the
// line in capitals.
//
//	upper --model eventloop --addr 127.0.0.1:7070
package main

import (
	"bufio"
	"bytes"

	"github.com/ioflavors/ioflavors/busywait"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servercmd"
	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/eventloop"
	"github.com/ioflavors/ioflavors/iouring"
	"github.com/ioflavors/ioflavors/multiblocking"
	"github.com/ioflavors/ioflavors/singleblocking"
)

// answer appends the reply to buf, so it allocates nothing that is not in ToUpper.
func answer(buf, line []byte) ([]byte, error) {
	return append(buf, bytes.ToUpper(line)...), nil
}

var program = servercmd.Program{
	Name:    "upper",
	Summary: "a server that answers lines in capitals",
	Models: []server.Command{
		multiblocking.Command, singleblocking.Command, busywait.Command, eventloop.Command, iouring.Command,
	},
	Protocols: []servercmd.Protocol{{Protocol: session.Split(bufio.ScanLines, "\n", answer)}},
}

func main() { servercmd.Main(program) }
