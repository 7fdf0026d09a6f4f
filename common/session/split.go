package session

import (
	"bufio"
	"errors"
	"math"
)

// Split returns a protocol whose requests are the tokens of split, and whose replies, the
// last one included, have end behind them. A line server is
//
//	session.Split(bufio.ScanLines, "\n", answer)
//
// answer is called for all connections, by a server with several threads also
// concurrently.
//
// split is called as bufio.Scanner calls it, with these differences. atEOF is always
// false, because a request must be whole: the last line of a stream is none without its
// newline. A token may be as long as the server permits (server.Limits.MaxFrame); the
// bytes that split drops, such as delimiters, are not counted up to Allowance. A token
// that takes no bytes, and an advance that is negative or beyond the data, break the
// contract of Handler: they end the connection. So does an error, which the client is
// told; bufio.ErrFinalToken ends it as Done does. A nil token with an advance skips
// bytes; an empty one that is not nil is a request.
//
// split sees an incomplete request from its beginning whenever more of it arrives. A
// client that sends a long request in small pieces therefore costs much time: permit
// requests no longer than you need. The limit of bufio.Scanner is 64 KiB, a server's
// default 1 MiB. Requests behind their length (Prefixed) are looked at once.
func Split(split bufio.SplitFunc, end string, answer Answer) *Adapter {
	return newAdapter(tokens{split, end}, answer)
}

// SplitConn is Split for connections with state: open returns the Answer of a new
// connection. The variables that this Answer shares with open are the connection's
// state. One goroutine at a time uses them.
func SplitConn(split bufio.SplitFunc, end string, open func() Answer) *Adapter {
	return &Adapter{framing: tokens{split, end}, open: open}
}

// tokens is the framing of Split.
type tokens struct {
	split bufio.SplitFunc
	after string // each reply
}

func (f tokens) check() error {
	if f.split == nil {
		return errors.New("session: Split needs a bufio.SplitFunc")
	}
	return nil
}

var errNoAdvance = errors.New("session: the bufio.SplitFunc made a token of no bytes")

func (f tokens) next(in []byte, max int) (request []byte, taken int, err error) {
	taken, request, err = f.split(in, false)
	switch {
	case err != nil && err != bufio.ErrFinalToken:
		return nil, 0, err
	case taken < 0:
		panic(bufio.ErrNegativeAdvance)
	case taken > len(in):
		panic(bufio.ErrAdvanceTooFar)
	case request != nil && taken == 0 && err == nil:
		panic(errNoAdvance)
	case len(request) > max:
		return nil, 0, tooLong(max)
	}
	return request, taken, err
}

func (tokens) need([]byte, int) (int, error) { return 0, nil }

func (tokens) begin(out []byte) []byte { return out }

func (f tokens) end(out []byte, _ int) ([]byte, error) { return append(out, f.after...), nil }

func (tokens) longest() int { return math.MaxInt }
