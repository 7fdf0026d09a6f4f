// Command sum serves a binary protocol. A request is numbers of 8 bytes, behind their
// length in 4 bytes; a reply is a byte 0 and the sum, or a byte 1 and a reason, behind
// the reply's length. All numbers are big-endian.
//
//	sum --model iouring --addr 127.0.0.1:7070
package main

import (
	"encoding/binary"
	"errors"

	"github.com/ioflavors/ioflavors/busywait"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servercmd"
	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/eventloop"
	"github.com/ioflavors/ioflavors/iouring"
	"github.com/ioflavors/ioflavors/multiblocking"
	"github.com/ioflavors/ioflavors/singleblocking"
)

var errLength = errors.New("want numbers of 8 bytes")

func answer(buf, request []byte) ([]byte, error) {
	if len(request)%8 != 0 {
		return nil, errLength
	}
	var sum uint64
	for ; len(request) > 0; request = request[8:] {
		sum += binary.BigEndian.Uint64(request)
	}
	return binary.BigEndian.AppendUint64(append(buf, 0), sum), nil
}

// protocol returns the protocol. Its last reply to a client whose connection ends early
// has a form of its own.
func protocol() *session.Adapter {
	p := session.Prefixed(session.Prefix{Bytes: 4}, answer)
	p.Refusal = func(buf []byte, why error) []byte { return append(append(buf, 1), why.Error()...) }
	return p
}

var program = servercmd.Program{
	Name:      "sum",
	Summary:   "a server that adds numbers",
	Models:    []server.Command{multiblocking.Command, singleblocking.Command, busywait.Command, eventloop.Command, iouring.Command},
	Protocols: []servercmd.Protocol{{Protocol: protocol()}},
}

func main() { servercmd.Main(program) }
