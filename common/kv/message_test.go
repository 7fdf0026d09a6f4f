package kv_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/ioflavors/ioflavors/common/frame"
	"github.com/ioflavors/ioflavors/common/kv"
	kvpb "github.com/ioflavors/ioflavors/common/proto/ioflavors/kv/v1"
)

// TestGoldenFrames: these frames were on the wire before this code was
// written. They decode to what they mean, and what they mean encodes to them.
func TestGoldenFrames(t *testing.T) {
	text, err := os.ReadFile("../conformance/testdata/frames.json")
	require.NoError(t, err)
	var golden []struct {
		Name, Key, Value string
		Kind             uint32
		Status           int32
		FrameHex         string `json:"frame_hex"`
	}
	require.NoError(t, json.Unmarshal(text, &golden))
	require.NotEmpty(t, golden)
	for _, g := range golden {
		t.Run(g.Name, func(t *testing.T) {
			wire, err := hex.DecodeString(g.FrameHex)
			require.NoError(t, err)

			body, n, err := frame.Next(wire, 1<<20)
			require.NoError(t, err)
			assert.Len(t, wire, n)
			m, err := kv.Parse(body)
			require.NoError(t, err)
			assert.Equal(t, g.Key, string(m.Key))
			assert.Equal(t, g.Value, string(m.Value))
			assert.Equal(t, g.Kind, m.Kind)
			assert.EqualValues(t, g.Status, m.Status)

			out, mark := frame.Begin(nil)
			assert.Equal(t, wire, frame.End(kv.AppendMessage(out, m), mark))
		})
	}
}

// bodies are messages, good and bad, with which the two decoders are compared.
func bodies() [][]byte {
	marshal := func(m *kvpb.KeyValueMessage) []byte {
		b, err := proto.Marshal(m)
		if err != nil {
			panic(err)
		}
		return b
	}
	return [][]byte{
		{},
		marshal(&kvpb.KeyValueMessage{Key: "k", Kind: kv.Get}),
		marshal(&kvpb.KeyValueMessage{Key: "k", Value: "v", Kind: kv.PutOrUpdate}),
		marshal(&kvpb.KeyValueMessage{Key: "ключ", Value: "値🙂", Kind: 300, Status: kvpb.Status_NotOk}),
		marshal(&kvpb.KeyValueMessage{Value: strings.Repeat("long", 5000), Kind: kv.PutOrUpdate}),
		marshal(&kvpb.KeyValueMessage{Kind: 1<<32 - 1, Status: -1}),
		[]byte("\x18\x01\x0a\x01k"),                             // fields in another order
		[]byte("\x0a\x01a\x0a\x01b\x18\x01\x18\x03"),            // repeated: the last one wins
		[]byte("\x18\x80\x18\x01"),                              // a kind that goes on into what looks like one
		[]byte("\x20\x80\x20\x01"),                              // a status that does
		[]byte("\x18\x80\x0a\x0a\x01k\x18\x01"),                 // a kind whose last byte looks like a key
		[]byte("\x0a\x01\xff\x0a\x01k\x18\x01"),                 // a key that is no UTF-8, and is replaced
		[]byte("\x0a\x01k\x18\x01\x2a\x03xyz\x30\x07"),          // unknown fields
		[]byte("\x0a\x81\x00k\x18\x81\x00"),                     // overlong varints
		[]byte("\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),  // 64 bits into 32
		[]byte("\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"),  // more than 64
		[]byte("\x4b\x4c\x18\x01"),                              // an empty group
		[]byte("\x4b\x54"),                                      // closed by another
		[]byte("\x0a\x05k"),                                     // cut
		[]byte("\x0a"),                                          // cut
		[]byte("\x18"),                                          // cut
		[]byte("\x0a\x02\xff\xfe"),                              // a key that is no UTF-8
		[]byte("\x12\x02\xc3\x28"),                              // a value that is none
		[]byte("\x12\x03\xed\xa0\x80"),                          // a surrogate
		[]byte("\x08\x01"),                                      // a key of the wrong wire type
		[]byte("\x1a\x01k"),                                     // a kind of the wrong wire type
		[]byte("\x00\x00"),                                      // field number zero
		[]byte("\x8a\x00\x01k"),                                 // an overlong tag
		[]byte("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01k"), // a length of 2^64-1
		[]byte("\x0a\xff\xff\xff\xff\x07k"),                     // a length of 2^31-1
		nested(deepest),
		nested(deepest + 1),
	}
}

// deepest is how deep groups may nest: the library's limit is 10,000 groups
// within a group (protowire.DefaultRecursionLimit).
const deepest = 10_001

// nested is a message of groups within each other.
func nested(depth int) []byte {
	opening := protowire.AppendTag(nil, 9, protowire.StartGroupType)
	closing := protowire.AppendTag(nil, 9, protowire.EndGroupType)
	return append(bytes.Repeat(opening, depth), bytes.Repeat(closing, depth)...)
}

// docs/faults.md and the rule deep-groups name this limit. A library that moves
// it moves all three.
func TestGroupsNestTo10001Deep(t *testing.T) {
	_, err := kv.Parse(nested(deepest))
	require.NoError(t, err)
	_, err = kv.Parse(nested(deepest + 1))
	require.Error(t, err)
}

// sameAsLibrary fails if Parse and the protobuf library differ about body.
func sameAsLibrary(t *testing.T, body []byte) {
	t.Helper()
	var want kvpb.KeyValueMessage
	wantErr := proto.Unmarshal(body, &want)
	got, err := kv.Parse(body)
	require.Equal(t, wantErr == nil, err == nil, "library: %v, Parse: %v", wantErr, err)
	if err != nil {
		return
	}
	require.Equal(t, want.Key, string(got.Key))
	require.Equal(t, want.Value, string(got.Value))
	require.Equal(t, want.Kind, got.Kind)
	require.Equal(t, want.Status, got.Status)

	// Without unknown fields it is a message that can be made again.
	want.ProtoReflect().SetUnknown(nil)
	wire, err := proto.MarshalOptions{Deterministic: true}.Marshal(&want)
	require.NoError(t, err)
	if again := kv.AppendMessage(nil, got); !bytes.Equal(wire, again) {
		t.Fatalf("library makes %x, AppendMessage %x", wire, again)
	}
}

func TestParseIsTheLibrarysUnmarshal(t *testing.T) {
	for _, body := range bodies() {
		sameAsLibrary(t, body)
	}
}

func FuzzParse(f *testing.F) {
	for _, body := range bodies() {
		f.Add(body)
	}
	f.Fuzz(sameAsLibrary)
}

func FuzzAppendMessage(f *testing.F) {
	f.Add("", "", uint32(0), int32(0))
	f.Add("k", "v", uint32(kv.PutOrUpdate), int32(0))
	f.Add("", strings.Repeat("x", 127), uint32(128), int32(1))
	f.Add("k", strings.Repeat("x", 128), uint32(1<<32-1), int32(-1))
	f.Add("\xff", "v", uint32(1), int32(0))
	f.Fuzz(func(t *testing.T, key, value string, kind uint32, status int32) {
		m := &kvpb.KeyValueMessage{Key: key, Value: value, Kind: kind, Status: kvpb.Status(status)}
		want, err := proto.Marshal(m)
		if err != nil {
			return // no UTF-8: AppendMessage's caller answers for that
		}
		got := kv.AppendMessage(nil, kv.Message{Key: []byte(key), Value: []byte(value), Kind: kind, Status: kvpb.Status(status)})
		if !bytes.Equal(want, got) { // an empty message may be nil
			t.Fatalf("library makes %x, AppendMessage %x", want, got)
		}
	})
}
