package session

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// Prefix is the form of the length before each request and each reply. The zero value
// is a varint, as protobuf's libraries write it before a message.
type Prefix struct {
	// Bytes is the size of the length, from 1 to 8 bytes. 0: the length is an unsigned
	// varint, as binary.AppendUvarint makes it.
	Bytes int
	// LittleEndian: the length's first byte is the lowest one. false: the highest one,
	// which is called network byte order. A varint has no such choice.
	LittleEndian bool
	// Whole: the length counts its own bytes, too. Not for a varint.
	Whole bool
}

// Prefixed returns a protocol whose requests and replies have their length in front:
//
//	session.Prefixed(session.Prefix{Bytes: 4}, answer)
//
// answer gets a request without its prefix. It is called for all connections, by a server
// with several threads also concurrently.
//
// The server's limit (server.Limits.MaxFrame) counts a request without its prefix. A
// longer one is refused as soon as its prefix has arrived. A reply that is too long for
// the prefix ends the connection with an error.
func Prefixed(prefix Prefix, answer Answer) *Adapter { return newAdapter(prefix, answer) }

// PrefixedConn is Prefixed for connections with state: see SplitConn.
func PrefixedConn(prefix Prefix, open func() Answer) *Adapter {
	return &Adapter{framing: prefix, open: open}
}

func (p Prefix) check() error {
	switch {
	case p.Bytes < 0 || p.Bytes > 8:
		return fmt.Errorf("session: a length prefix of %d bytes; want 1 to 8, or 0 for a varint", p.Bytes)
	case p.Bytes == 0 && (p.LittleEndian || p.Whole):
		return errors.New("session: a varint is a length prefix without byte order, and does not count itself")
	}
	return nil
}

var errVarint = errors.New("the length prefix is no varint of 64 bits")

// length returns the length of the request that in begins, and that of the prefix: 0 if
// the prefix is incomplete.
func (p Prefix) length(in []byte, max int) (request, prefix int, err error) {
	var n uint64
	if p.Bytes == 0 {
		if n, prefix = binary.Uvarint(in); prefix < 0 {
			return 0, 0, errVarint
		}
	} else if len(in) >= p.Bytes {
		n, prefix = p.fixed(in), p.Bytes
	}
	if prefix == 0 {
		return 0, 0, nil
	}
	if p.Whole {
		if n < uint64(prefix) {
			return 0, 0, fmt.Errorf("the length prefix says %d, and is itself %d bytes long", n, prefix)
		}
		n -= uint64(prefix)
	}
	if n > uint64(max) {
		return 0, 0, tooLong(max)
	}
	return int(n), prefix, nil
}

func (p Prefix) fixed(in []byte) (n uint64) {
	for i, b := range in[:p.Bytes] {
		if p.LittleEndian {
			n |= uint64(b) << (8 * i)
		} else {
			n = n<<8 | uint64(b)
		}
	}
	return n
}

func (p Prefix) next(in []byte, max int) (request []byte, taken int, err error) {
	n, prefix, err := p.length(in, max)
	if err != nil || prefix == 0 || len(in)-prefix < n {
		return nil, 0, err
	}
	return in[prefix : prefix+n], prefix + n, nil
}

func (p Prefix) need(in []byte, max int) (int, error) {
	n, prefix, err := p.length(in, max)
	switch {
	case err != nil:
		return 0, err
	case prefix > 0:
		return prefix + n, nil
	case p.Bytes == 0:
		return len(in) + 1, nil
	default:
		return p.Bytes, nil
	}
}

// begin leaves room for the prefix; of a varint, for its first byte.
func (p Prefix) begin(out []byte) []byte {
	var none [8]byte
	return append(out, none[:max(1, p.Bytes)]...)
}

func (p Prefix) end(out []byte, start int) ([]byte, error) {
	reply := len(out) - start - max(1, p.Bytes)
	if reply > p.longest() {
		return out, fmt.Errorf("a reply of %d bytes is too long for a length prefix of %d", reply, p.Bytes)
	}
	if p.Bytes == 0 {
		var prefix [binary.MaxVarintLen64]byte
		n := binary.PutUvarint(prefix[:], uint64(reply))
		out = append(out, prefix[:n-1]...) // any bytes: the reply moves there
		copy(out[start+n:], out[start+1:start+1+reply])
		copy(out[start:], prefix[:n])
		return out, nil
	}
	n := uint64(reply)
	if p.Whole {
		n += uint64(p.Bytes)
	}
	for i := range p.Bytes {
		at := start + i
		if !p.LittleEndian {
			at = start + p.Bytes - 1 - i
		}
		out[at] = byte(n >> (8 * i))
	}
	return out, nil
}

func (p Prefix) longest() int {
	most := uint64(math.MaxInt)
	if p.Bytes > 0 && p.Bytes < 8 {
		most = min(most, 1<<(8*p.Bytes)-1)
	}
	if p.Whole {
		most = most - min(most, uint64(p.Bytes))
	}
	return int(most)
}
