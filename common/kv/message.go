package kv

import (
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	kvpb "github.com/ioflavors/ioflavors/common/proto/ioflavors/kv/v1"
)

// The kinds of message. A reply that reports an error has its request's kind.
const (
	Get         = 1
	GetResponse = 2
	PutOrUpdate = 3
)

// Message is a KeyValueMessage as it lies in a buffer. Key and Value are parts
// of the body it was parsed from and share that body's lifetime.
type Message struct {
	Key    []byte
	Value  []byte
	Kind   uint32
	Status kvpb.Status
}

// The tags of the message's fields: number<<3 | wire type.
const (
	tagKey    = 1<<3 | 2
	tagValue  = 2<<3 | 2
	tagKind   = 3 << 3 // wire type 0: varint
	tagStatus = 4 << 3
)

// Parse reads a message from a frame's body.
//
// It reads what encoders write, known fields with one-byte tags, without
// allocating. Whatever else protobuf allows (unknown fields, groups,
// overlong varints) and whatever it forbids is left to the protobuf library,
// so that the library alone decides what is valid. FuzzParse holds the two
// against each other.
func Parse(body []byte) (m Message, err error) {
	err = m.parse(body)
	return m, err
}

// parse is Parse into the empty message m: a message returned is copied word by
// word.
func (m *Message) parse(body []byte) error {
	if m.parseFast(body) {
		return nil
	}
	return m.parseSlowly(body)
}

// parseFast reads what encoders write. If it returns false, m is worth nothing.
func (m *Message) parseFast(body []byte) bool {
	var key, value []byte
	var kind, status uint32
	for rest := body; len(rest) > 0; {
		if len(rest) < 2 {
			return false
		}
		tag, small := rest[0], rest[1]
		rest = rest[2:]
		switch tag {
		case tagKey, tagValue:
			size := int(small)
			if small > 0x7f {
				long, n := binary.Uvarint(rest)
				if n <= 0 || n > 3 {
					return false
				}
				size = int(small&0x7f) | int(long)<<7
				rest = rest[n:]
			}
			if size > len(rest) {
				return false
			}
			if tag == tagKey {
				if key != nil {
					return false // what it replaces has to be valid, too
				}
				key = rest[:size]
			} else {
				if value != nil {
					return false
				}
				value = rest[:size]
			}
			rest = rest[size:]
		case tagKind, tagStatus:
			if small > 0x7f {
				return false
			}
			if tag == tagKind {
				kind = uint32(small)
			} else {
				status = uint32(small)
			}
		default:
			return false
		}
	}
	m.Key, m.Value, m.Kind, m.Status = key, value, kind, kvpb.Status(status)
	return valid(key) && valid(value)
}

// valid is utf8.Valid, in half the time for what is short and all ASCII.
func valid(p []byte) bool {
	if len(p) > 128 {
		return utf8.Valid(p)
	}
	var high uint64 // the bits that no ASCII has, of all words
	rest := p
	for ; len(rest) >= 16; rest = rest[16:] {
		high |= binary.LittleEndian.Uint64(rest) | binary.LittleEndian.Uint64(rest[8:])
	}
	if len(rest) >= 8 {
		high |= binary.LittleEndian.Uint64(rest)
		rest = rest[8:]
	}
	for _, c := range rest {
		high |= uint64(c)
	}
	return high&0x8080808080808080 == 0 || utf8.Valid(p)
}

func (m *Message) parseSlowly(body []byte) error {
	*m = Message{} // what was read so far was read in vain
	var p kvpb.KeyValueMessage
	if err := proto.Unmarshal(body, &p); err != nil {
		// The library varies its spaces from build to build, so that nobody
		// relies on its words; a reply's words should not vary.
		return fmt.Errorf("not a KeyValueMessage: %s", strings.ReplaceAll(err.Error(), "\u00a0", " "))
	}
	*m = Message{Key: []byte(p.Key), Value: []byte(p.Value), Kind: p.Kind, Status: p.Status}
	return nil
}

// AppendMessage appends m as protobuf encodes it, fields in order, zero ones
// left out: the bytes that proto.Marshal makes. Key and Value must be valid
// UTF-8, or no other protobuf client can read them.
func AppendMessage(dst []byte, m Message) []byte {
	dst = appendBytes(dst, tagKey, m.Key)
	dst = appendBytes(dst, tagValue, m.Value)
	dst = appendNumber(dst, tagKind, uint64(m.Kind))
	// Enums are int32, and protobuf sign-extends them to 64 bits.
	return appendNumber(dst, tagStatus, uint64(int64(m.Status)))
}

func appendBytes[T string | []byte](dst []byte, tag byte, field T) []byte {
	if len(field) == 0 {
		return dst
	}
	if len(field) < 0x80 {
		dst = append(dst, tag, byte(len(field)))
	} else {
		dst = binary.AppendUvarint(append(dst, tag), uint64(len(field)))
	}
	return append(dst, field...)
}

func appendNumber(dst []byte, tag byte, n uint64) []byte {
	if n == 0 {
		return dst
	}
	if n < 0x80 {
		return append(dst, tag, byte(n))
	}
	return binary.AppendUvarint(append(dst, tag), n)
}
