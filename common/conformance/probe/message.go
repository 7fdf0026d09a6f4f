package probe

import (
	"encoding/binary"
	"fmt"

	"google.golang.org/protobuf/proto"

	kvpb "github.com/ioflavors/ioflavors/common/proto/ioflavors/kv/v1"
)

// Message is a KeyValueMessage that can be compared with ==.
type Message struct {
	Key, Value string
	Kind       uint32
	Status     int32
}

// The kinds and statuses, as the protocol numbers them.
const (
	KindGet         = 1
	KindGetResponse = 2
	KindPut         = 3

	Ok    = 0
	NotOk = 1
)

// Stored is the reply to a put.
var Stored = Message{Kind: KindPut}

// Found is the reply to a get of a key with a value.
func Found(key, value string) Message {
	return Message{Key: key, Value: value, Kind: KindGetResponse}
}

// Absent is the reply to a get of a key without a value.
func Absent(key string) Message {
	return Message{Key: key, Kind: KindGetResponse, Status: NotOk}
}

func (m Message) String() string {
	status := fmt.Sprintf("status %d", m.Status)
	switch m.Status {
	case Ok:
		status = "Ok"
	case NotOk:
		status = "NotOk"
	}
	return fmt.Sprintf("a reply of kind %d, %s, key %s, value %s", m.Kind, status, quote(m.Key), quote(m.Value))
}

const footer = "@EOF@"

// Body encodes m like the protobuf library.
func Body(m Message) []byte {
	body, err := proto.Marshal(&kvpb.KeyValueMessage{Key: m.Key, Value: m.Value, Kind: m.Kind, Status: kvpb.Status(m.Status)})
	if err != nil {
		panic(err) // invalid text is a mistake of the test, which must write such bytes itself
	}
	return body
}

// Frame puts body into a frame.
func Frame(body []byte) []byte {
	frame := Header(uint32(len(body) + len(footer)))
	return append(append(frame, body...), footer...)
}

// Header is the start of a frame that announces length bytes.
func Header(length uint32) []byte { return binary.LittleEndian.AppendUint32(nil, length) }

// Put is the frame that stores value under key.
func Put(key, value string) []byte {
	return Frame(Body(Message{Key: key, Value: value, Kind: KindPut}))
}

// Get is the frame that requests the value of key.
func Get(key string) []byte { return Frame(Body(Message{Key: key, Kind: KindGet})) }

// The number of bytes of a frame, and of a text, that a failure message
// shows.
const (
	shownBytes = 40
	shownText  = 100
)

// Hex formats bytes, only the first of them if there are many.
func Hex(b []byte) string {
	switch {
	case len(b) == 0:
		return "nothing"
	case len(b) > shownBytes:
		return fmt.Sprintf("%x… (%d bytes)", b[:shownBytes], len(b))
	default:
		return fmt.Sprintf("%x", b)
	}
}

func quote(s string) string {
	if len(s) > shownText {
		return fmt.Sprintf("%.*q… (%d bytes)", shownText, s, len(s))
	}
	return fmt.Sprintf("%q", s)
}
