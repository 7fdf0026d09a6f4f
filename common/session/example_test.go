package session_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/ioflavors/ioflavors/common/buffer"
	"github.com/ioflavors/ioflavors/common/session"
)

// say shows what a server with the protocol sends to a client that sends in.
func say(p session.Protocol, in string) {
	s := session.New(&session.Config{Protocol: p, Buffers: buffer.NewPool(1 << 20), MaxRequest: 1000, OutputHigh: 1 << 16, OutputLow: 1 << 14})
	s.Feed([]byte(in))
	fmt.Printf("%q\n", s.Output())
	s.Release()
}

// A line server in capitals. To serve it, make it a server's Config.Protocol, or that of
// a servercmd.Program.
func ExampleSplit() {
	capitals := session.Split(bufio.ScanLines, "\n", func(buf, line []byte) ([]byte, error) {
		return append(buf, bytes.ToUpper(line)...), nil
	})
	say(capitals, "hello\nworld\n")
	// Output: "HELLO\nWORLD\n"
}

// Each connection has a sum of its own. An error ends the connection, and the client is
// told why.
func ExampleSplitConn() {
	sums := session.SplitConn(bufio.ScanLines, "\n", func() session.Answer {
		sum := 0
		return func(buf, line []byte) ([]byte, error) {
			if string(line) == "quit" {
				return append(buf, "bye"...), session.Done
			}
			n, err := strconv.Atoi(string(line))
			if err != nil {
				return nil, err
			}
			sum += n
			return strconv.AppendInt(buf, int64(sum), 10), nil
		}
	})
	say(sums, "1\n2\nquit\n")
	say(sums, "5\nfive\n")
	// Output:
	// "1\n3\nbye\n"
	// "5\nstrconv.Atoi: parsing \"five\": invalid syntax\n"
}

// Requests and replies have their length in front, in two bytes.
func ExamplePrefixed() {
	reverse := session.Prefixed(session.Prefix{Bytes: 2}, func(buf, request []byte) ([]byte, error) {
		for i := len(request); i > 0; i-- {
			buf = append(buf, request[i-1])
		}
		return buf, nil
	})
	say(reverse, "\x00\x03abc\x00\x00\x00\x02xy")
	// Output: "\x00\x03cba\x00\x00\x00\x02yx"
}

// A connection that ends early gets a last reply, in the protocol's own form.
func ExampleAdapter_refusal() {
	p := session.Split(bufio.ScanLines, "\r\n", func(buf, line []byte) ([]byte, error) { return line, nil })
	p.Refusal = func(buf []byte, why error) []byte { return fmt.Appendf(buf, "-ERR %v", why) }
	say(p, string(bytes.Repeat([]byte("x"), 2000)))
	// Output: "-ERR request too long: the limit is 1000 bytes\r\n"
}

// adder is a protocol without an adapter: a request is two numbers of 4 bytes, its reply
// their sum.
type adder struct{}

func (a adder) Open() session.Handler { return a } // no state

func (adder) Serve(out, in []byte, max, limit int) (_ []byte, taken, answered, room int, err error) {
	for len(in)-taken >= 8 {
		sum := binary.BigEndian.Uint32(in[taken:]) + binary.BigEndian.Uint32(in[taken+4:])
		out = binary.BigEndian.AppendUint32(out, sum)
		taken += 8
		if answered++; len(out)+4 > min(limit, cap(out)) {
			break // another reply has no room
		}
	}
	return out, taken, answered, 0, nil
}

func (adder) Need(in []byte, max int) (int, error) { return 8, nil }

func (adder) Refuse(out []byte, why error) []byte { return out } // without a word

func ExampleHandler() {
	say(adder{}, "\x00\x00\x00\x01\x00\x00\x00\x02"+"\x00\x00\x00\x03\x00\x00\x00\x04"+"\x00\x00")
	// Output: "\x00\x00\x00\x03\x00\x00\x00\a"
}
