package kv

import (
	"encoding/binary"

	"github.com/ioflavors/ioflavors/common/frame"
	kvpb "github.com/ioflavors/ioflavors/common/proto/ioflavors/kv/v1"
)

// The kinds of message. A reply that reports an error has its request's kind.
const (
	Get         = 1
	GetResponse = 2
	PutOrUpdate = 3
)

// Message is a KeyValueMessage as it lies in a buffer. Key and Value are parts
// of the body that it was parsed from, and valid as long as that body.
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

// AppendMessage appends m as proto.Marshal encodes it: fields in order, zero
// fields left out. Key and Value must be valid UTF-8, because other protobuf
// clients reject anything else.
func AppendMessage(dst []byte, m Message) []byte {
	dst = appendBytes(dst, tagKey, m.Key)
	dst = appendBytes(dst, tagValue, m.Value)
	dst = appendNumber(dst, tagKind, uint64(m.Kind))
	// Enums are int32, and protobuf sign-extends them to 64 bits.
	return appendNumber(dst, tagStatus, uint64(int64(m.Status)))
}

// AppendFrame appends a frame with m as its body. AppendMessage has the rules for m.
func AppendFrame(dst []byte, m Message) []byte {
	out, mark := frame.Begin(dst)
	return frame.End(AppendMessage(out, m), mark)
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
