package resp

import (
	"bytes"
	"iter"
	"math"

	"github.com/ioflavors/ioflavors/common/session"
)

// maxLine is the length of an inline command, and of a number's line, that Redis accepts,
// in bytes.
const maxLine = 64 << 10

// Limits for connections that have not given the password yet, as in Redis.
const (
	maxUntrustedArgs = 10
	maxUntrustedBulk = 16 << 10 // bytes
)

// shortestBulk is the length of the shortest bulk string, in bytes: "$0\r\n\r\n".
const shortestBulk = 6

// protocolError says how a client broke the protocol, in Redis's words. It ends the
// connection.
type protocolError string

func (e protocolError) Error() string { return "Protocol error: " + string(e) }

// longError is a protocolError about a request that is longer than the server's limit.
type longError string

func (e longError) Error() string { return protocolError(e).Error() }
func (e longError) Unwrap() error { return session.ErrTooLong }

// request is one request: an array of bulk strings, of which the first is the command's
// name. Its slices are parts of the input.
type request struct {
	n      int       // number of bulk strings; 0: there is nothing to answer
	args   [3][]byte // the first ones
	bulks  []byte    // all of them, as they came
	line   []byte    // the inline command, if inline
	inline bool      // the request is an inline command; the other fields are empty
}

// progress is how far an incomplete request has been read, so that its bytes are read once
// however they come in. It is zero between requests.
type progress struct {
	at   int // the bytes that have been read, whole bulk strings
	left int // the number of bulk strings that follow them
	need int // a lower bound of the request's length in bytes; 0: unknown
}

// parse reads the request at the start of in, which is not empty, and returns its length:
// 0 if it is incomplete. p has what an earlier call read of the same request, and gets
// what this call reads of it. max is the longest bulk string.
func (r *request) parse(in []byte, p *progress, max int, trusted bool) (size int, err error) {
	if p.at > len(in) {
		*p = progress{} // another request
	}
	if in[0] != '*' {
		return r.parseLine(in, p)
	}
	at, left := p.at, p.left
	first := at
	if first == 0 {
		n, size, ok := number(in[1:])
		switch {
		case ok && size == 0:
			if len(in) > maxLine {
				return 0, protocolError("too big mbulk count string")
			}
			p.need = 0
			return 0, nil
		case !ok || n > math.MaxInt32:
			return 0, protocolError("invalid multibulk length")
		case n > maxUntrustedArgs && !trusted:
			return 0, protocolError("unauthenticated multibulk length")
		case n > int64(max+session.Allowance)/shortestBulk:
			return 0, longError("invalid multibulk length")
		}
		at, left = 1+size, int(n)
		if left <= 0 {
			return at, nil
		}
		first = at
		r.n = left
	}
	index := 0
	for ; left > 0; left-- {
		if at == len(in) {
			*p = progress{at: at, left: left, need: at + least(left)}
			return 0, nil
		}
		n, size, ok := number(in[at+1:])
		switch {
		case ok && size == 0 && in[at] != '\r':
			if len(in)-at > maxLine {
				return 0, protocolError("too big bulk count string")
			}
			*p = progress{at: at, left: left}
			return 0, nil
		case in[at] != '$': // like Redis, only when the line is complete
			return 0, protocolError("expected '$', got '" + string(in[at:at+1]) + "'")
		case !ok || n < 0:
			return 0, protocolError("invalid bulk length")
		case n > maxUntrustedBulk && !trusted:
			return 0, protocolError("unauthenticated bulk length")
		case n > int64(max):
			return 0, longError("invalid bulk length")
		}
		begin := at + 1 + size
		end := begin + int(n)
		if end+2 > len(in) {
			*p = progress{at: at, left: left, need: end + 2 + least(left-1)}
			return 0, nil
		}
		if index < len(r.args) {
			r.args[index] = in[begin:end:end]
		}
		index++
		at = end + 2 // Redis does not look at these two bytes either
	}
	if resumed := p.at > 0; resumed {
		*p = progress{}
		return r.parse(in, p, max, trusted) // for the first bulk strings
	}
	*p = progress{}
	r.bulks = in[first:at]
	return at, nil
}

// least returns a lower bound of the length of so many bulk strings. It is 0 for a few, so
// that a client that sends something else learns of it as soon as possible.
func least(bulks int) int {
	const few = 16
	if bulks <= few {
		return 0
	}
	return bulks * shortestBulk
}

// parseLine is parse for an inline command.
func (r *request) parseLine(in []byte, p *progress) (size int, err error) {
	i := bytes.IndexByte(in[p.at:], '\n')
	if i < 0 {
		if len(in) > maxLine {
			return 0, protocolError("too big inline request")
		}
		*p = progress{at: len(in)}
		return 0, nil
	}
	i += p.at
	*p = progress{}
	if i > maxLine {
		return 0, protocolError("too big inline request")
	}
	r.inline, r.line = true, bytes.TrimSuffix(in[:i], []byte("\r"))
	return i + 1, nil
}

// number reads a number and the end of its line. size is the length of both, or 0 if the
// line is incomplete. ok is false if it is no number. Redis does not look at the byte
// behind the carriage return either.
func number(b []byte) (n int64, size int, ok bool) {
	const safe = 9 // so many digits do not overflow
	for i, c := range b[:min(len(b), safe)] {
		if digit := c - '0'; digit <= 9 {
			n = 10*n + int64(digit)
			continue
		}
		if c != '\r' || i == 0 || b[0] == '0' && i > 1 {
			break // another number, or none
		}
		if i+2 > len(b) {
			return 0, 0, true
		}
		return n, i + 2, true
	}
	i := bytes.IndexByte(b, '\r')
	if i < 0 || i+2 > len(b) {
		return 0, 0, true
	}
	n, ok = integer(b[:i])
	return n, i + 2, ok
}

// integer reads a number of 64 bits as Redis does: in the one form in which it would be
// printed.
func integer(b []byte) (n int64, ok bool) {
	digits := b
	negative := len(b) > 1 && b[0] == '-'
	if negative {
		digits = b[1:]
	}
	if len(digits) == 0 || len(digits) > 19 || digits[0] == '0' && len(b) > 1 {
		return 0, false
	}
	var u uint64 // 19 digits do not overflow it
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		u = 10*u + uint64(c-'0')
	}
	switch {
	case negative && u <= 1<<63:
		return -int64(u), true
	case u <= math.MaxInt64 && !negative:
		return int64(u), true
	}
	return 0, false
}

// all returns all bulk strings from the given one on.
func (r *request) all(from int) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for i, rest := 0, r.bulks; i < r.n; i++ {
			var arg []byte
			if arg, rest = bulk(rest); i >= from && !yield(arg) {
				return
			}
		}
	}
}

// arg returns the bulk string with the given index, which is less than n.
func (r *request) arg(index int) []byte {
	if index < len(r.args) {
		return r.args[index]
	}
	arg, rest := bulk(r.bulks)
	for range index {
		arg, rest = bulk(rest)
	}
	return arg
}

// bulk returns the bulk string at the start of b, which parse has read before, and what
// is behind it.
func bulk(b []byte) (arg, rest []byte) {
	n, size, _ := number(b[1:])
	begin := 1 + size
	end := begin + int(n)
	return b[begin:end:end], b[end+2:]
}

// is reports whether the command's name is the given one, which is in lower case.
func (r *request) is(name string) bool {
	given := r.args[0]
	if len(given) != len(name) {
		return false
	}
	for i, c := range given {
		if lower(c) != name[i] {
			return false
		}
	}
	return true
}

func (r *request) isGet() bool { return r.n == 2 && r.is("get") }
func (r *request) isSet() bool { return r.n == 3 && r.is("set") }

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}
