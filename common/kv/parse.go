package kv

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

	kvpb "github.com/ioflavors/ioflavors/common/proto/ioflavors/kv/v1"
)

// MaxGroupDepth is how deep the groups of an unknown field may nest. No encoder of this
// protocol writes a group. The protobuf library reads up to 10,001 nested groups, by
// recursion; the goroutine keeps the stack that this takes, and no limit counts it.
const MaxGroupDepth = 100

// MaxFields is the largest number of fields of a message. A group counts as two: its
// beginning and its end. No encoder of this protocol writes more than four. Each field
// takes some nanoseconds, so half a million of them in a frame of 1 MiB would keep a
// loop's other clients waiting for milliseconds. 10,000 fields take about as long as
// reading that frame.
const MaxFields = 10_000

// The reasons why a body is not a message. The client gets them in these words.
var (
	errTruncated = notMessage("it ends inside a field")
	errOverflow  = notMessage("a varint has more than 64 bits")
	errNumber    = notMessage("a field number is out of range")
	errWireType  = notMessage("a field has a wire type that does not exist")
	errEndGroup  = notMessage("a group ends that did not begin")
	errOpenGroup = notMessage("a group does not end")
	errFields    = notMessage(fmt.Sprintf("it has over %d fields", MaxFields))
	errDepth     = notMessage(fmt.Sprintf("groups are nested over %d deep", MaxGroupDepth))
	errKeyText   = notMessage("the key is not valid UTF-8")
	errValueText = notMessage("the value is not valid UTF-8")
)

func notMessage(why string) error { return errors.New("not a KeyValueMessage: " + why) }

// Parse reads a message from a frame's body as the protobuf library does, and returns
// an error where the library returns one. It differs in two limits: MaxGroupDepth and
// MaxFields. FuzzParse compares the two.
//
// Whatever the body contains, Parse takes a fixed amount of stack, and no other memory.
// Its errors contain nothing of the body.
func Parse(body []byte) (m Message, err error) {
	if err := m.parse(body); err != nil {
		return Message{}, err
	}
	return m, nil
}

// parse is Parse into the empty message m, which saves copying the result. After an
// error m is invalid.
func (m *Message) parse(body []byte) error {
	if m.parseUsual(body) {
		return nil
	}
	return m.parseAny(body)
}

// parseUsual reads messages as encoders write them: known fields with one-byte tags, in
// ascending order, so each at most once. If it returns false, m is invalid.
func (m *Message) parseUsual(body []byte) bool {
	var key, value []byte
	var kind, status uint32
	var last byte // the last tag
	for rest := body; len(rest) > 0; {
		if len(rest) < 2 || rest[0] <= last {
			return false
		}
		tag, small := rest[0], rest[1]
		last = tag
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
				key = rest[:size]
			} else {
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

// The highest field numbers: protobuf's, and the one that the library accepts when it
// skips a group.
const (
	maxNumber        = 1<<29 - 1
	maxNumberInGroup = math.MaxInt32
)

// The wire types. The values 6 and 7 do not exist.
const (
	wireVarint = iota
	wireFixed64
	wireBytes
	wireStartGroup
	wireEndGroup
	wireFixed32
)

// parseAny reads everything that protobuf allows: unknown fields, groups, overlong
// varints, and repeated fields, of which the last one counts. A known number with
// another wire type is an unknown field. The first invalid field decides the error.
func (m *Message) parseAny(body []byte) error {
	*m = Message{}                   // discards what parseUsual has read
	var groups [MaxGroupDepth]uint32 // groups[:depth] are the numbers of the open groups
	depth := 0
	highest := uint64(maxNumber)
	for at, fields := 0, 0; at < len(body); fields++ {
		if fields == MaxFields {
			return errFields
		}
		tag := uint64(body[at])
		at++
		if tag >= 0x80 {
			if tag, at = uvarint(body, at-1); at < 0 {
				return varintError(at)
			}
		}
		number, wire := tag>>3, tag&7
		if number == 0 || number > highest {
			return errNumber
		}
		var v uint64 // a number, or a text's length
		if wire == wireVarint || wire == wireBytes {
			if at < len(body) && body[at] < 0x80 {
				v = uint64(body[at])
				at++
			} else if v, at = uvarint(body, at); at < 0 {
				return varintError(at)
			}
		}
		switch wire {
		case wireVarint:
			if depth > 0 {
				break
			}
			switch tag {
			case tagKind:
				m.Kind = uint32(v)
			case tagStatus:
				m.Status = kvpb.Status(v)
			}
		case wireBytes:
			if v > uint64(len(body)-at) {
				return errTruncated
			}
			text := body[at : at+int(v)]
			at += len(text)
			if depth > 0 {
				break
			}
			switch tag {
			case tagKey:
				if m.Key = text; !valid(text) {
					return errKeyText
				}
			case tagValue:
				if m.Value = text; !valid(text) {
					return errValueText
				}
			}
		case wireFixed32:
			if at += 4; at > len(body) {
				return errTruncated
			}
		case wireFixed64:
			if at += 8; at > len(body) {
				return errTruncated
			}
		case wireStartGroup:
			if depth == MaxGroupDepth {
				return errDepth
			}
			groups[depth] = uint32(number)
			depth++
			highest = maxNumberInGroup
		case wireEndGroup:
			if depth == 0 || groups[depth-1] != uint32(number) {
				return errEndGroup
			}
			if depth--; depth == 0 {
				highest = maxNumber
			}
		case 6, 7:
			return errWireType
		}
	}
	if depth > 0 {
		return errOpenGroup
	}
	return nil
}

// uvarint returns the varint at p[at:], and where it ends. If there is no valid varint,
// end is negative, and varintError says why.
func uvarint(p []byte, at int) (v uint64, end int) {
	v, n := binary.Uvarint(p[at:])
	if n <= 0 { // 0: it is truncated; negative: it has more than 64 bits
		return 0, n - 1
	}
	return v, at + n
}

func varintError(end int) error {
	if end == -1 {
		return errTruncated
	}
	return errOverflow
}

// valid is utf8.Valid, in half the time for short ASCII.
func valid(p []byte) bool {
	if len(p) > 128 {
		return utf8.Valid(p)
	}
	var high uint64 // the bits of all words that no ASCII character has
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
