package kv_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/ioflavors/ioflavors/common/frame"
	"github.com/ioflavors/ioflavors/common/kv"
	kvpb "github.com/ioflavors/ioflavors/common/proto/ioflavors/kv/v1"
)

// TestGoldenFrames: these frames were on the wire before this code was written. They
// decode to their messages, and the messages encode to them.
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

			assert.Equal(t, wire, kv.AppendFrame(nil, m))
		})
	}
}

// bodies are valid and invalid messages with which the two decoders are compared.
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
		[]byte("\x18\x80\x18\x01"),                              // a kind whose varint goes on into bytes that look like a kind
		[]byte("\x20\x80\x20\x01"),                              // the same for a status
		[]byte("\x18\x80\x0a\x0a\x01k\x18\x01"),                 // a kind whose last byte looks like a key
		[]byte("\x0a\x01\xff\x0a\x01k\x18\x01"),                 // a key that is not UTF-8, replaced by a later one
		[]byte("\x0a\x01k\x18\x01\x2a\x03xyz\x30\x07"),          // unknown fields
		[]byte("\x0a\x81\x00k\x18\x81\x00"),                     // overlong varints
		[]byte("\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),  // 64 bits into 32
		[]byte("\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"),  // more than 64
		[]byte("\x4b\x4c\x18\x01"),                              // an empty group
		[]byte("\x4b\x54"),                                      // closed by another group's end
		[]byte("\x0a\x05k"),                                     // truncated
		[]byte("\x0a"),                                          // truncated
		[]byte("\x18"),                                          // truncated
		[]byte("\x0a\x02\xff\xfe"),                              // a key that is not UTF-8
		[]byte("\x12\x02\xc3\x28"),                              // a value that is not UTF-8
		[]byte("\x12\x03\xed\xa0\x80"),                          // a surrogate
		[]byte("\x08\x01"),                                      // a key of the wrong wire type
		[]byte("\x1a\x01k"),                                     // a kind of the wrong wire type
		[]byte("\x00\x00"),                                      // field number zero
		[]byte("\x8a\x00\x01k"),                                 // an overlong tag
		[]byte("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01k"), // a length of 2^64-1
		[]byte("\x0a\xff\xff\xff\xff\x07k"),                     // a length of 2^31-1
		[]byte("\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),  // a status of -1
		[]byte("\x20\x80\x80\x80\x80\x10"),                      // a status of 33 bits
		[]byte("\x12\x01\xff\x12\x01v\x18\x03"),                 // a value that is not UTF-8, replaced by a later one
		[]byte("\x1a\x01\xff\x0c"),                              // the end of a group that did not begin
		[]byte("\x0e"), []byte("\x0f"),                          // wire types that do not exist,
		[]byte("\x4b\x0e\x4c"), []byte("\x4b\x0f\x4c"), // in a group
		[]byte("\x0a\x02k"), []byte("\x2a\x02x"), []byte("\x4b\x2a\x02\x4c"), // texts that lack one byte
		[]byte("\x4b"),         // a group that does not end,
		[]byte("\x4b\x53\x54"), // nor does the outer one
		[]byte("\x4b\x0a\x02\xff\xfe\x18\x09\x4c\x18\x01"),         // bytes that look like a key and a kind, in a group
		[]byte("\x4b\x00\x00\x4c"),                                 // field number zero in a group
		[]byte("\x2d\x01\x02\x03\x04"), []byte("\x2d\x01\x02\x03"), // 32 bits, whole and truncated
		[]byte("\x29\x01\x02\x03\x04\x05\x06\x07\x08"), []byte("\x29\x01\x02\x03\x04\x05\x06\x07"),
		[]byte("\xf8\xff\xff\xff\x0f\x00"),                             // the highest field number,
		[]byte("\x80\x80\x80\x80\x10\x00"),                             // and one more,
		[]byte("\x4b\x80\x80\x80\x80\x10\x00\x4c"),                     // which the library accepts in a group,
		[]byte("\x4b\xf8\xff\xff\xff\x3f\x00\x4c"),                     // up to this one
		[]byte("\x4b\x80\x80\x80\x80\x40\x00\x4c"),                     // and no further
		[]byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00"),         // a tag of 64 bits
		[]byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02\x00"),         // a tag of more than 64 bits
		[]byte("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80"),             // ten bytes of a tag without an end
		[]byte("\x18\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"), // twelve bytes of a number
		nested(kv.MaxGroupDepth), nested(kv.MaxGroupDepth + 1),
		nested(kv.MaxGroupDepth + 1)[:kv.MaxGroupDepth+1],
		nested(protowire.DefaultRecursionLimit + 1), nested(protowire.DefaultRecursionLimit + 2),
	}
}

// nested is a message of nested groups.
func nested(depth int) []byte {
	opening := protowire.AppendTag(nil, 9, protowire.StartGroupType)
	closing := protowire.AppendTag(nil, 9, protowire.EndGroupType)
	return append(bytes.Repeat(opening, depth), bytes.Repeat(closing, depth)...)
}

// shape returns how deep the groups of a message nest, and how many fields it has as
// kv.MaxFields counts them. The library must accept the message.
func shape(body []byte) (deepest, fields int) {
	for now := 0; len(body) > 0; fields++ {
		number, wire, n := protowire.ConsumeTag(body)
		body = body[n:]
		switch wire {
		case protowire.StartGroupType:
			now++
			deepest = max(deepest, now)
		case protowire.EndGroupType:
			now--
		default:
			body = body[protowire.ConsumeFieldValue(number, wire, body):]
		}
	}
	return deepest, fields
}

// Half a million unknown fields in a frame of 1 MiB once took 25 ms to parse, and a
// loop's other clients waited.
func TestAMessageHas10000FieldsAtMost(t *testing.T) {
	for _, fields := range []string{"\x28\x00", "\x0a\x01k", "\x18\x01", "\x2b\x2c"} {
		_, tags := shape([]byte(fields))
		most := bytes.Repeat([]byte(fields), kv.MaxFields/tags)
		_, err := kv.Parse(most)
		assert.NoError(t, err, "%q", fields)
		_, err = kv.Parse(append(most, "\x20\x00"...))
		assert.EqualError(t, err, "not a KeyValueMessage: it has over 10000 fields", "%q", fields)
	}
}

// docs/faults.md names this limit.
func TestGroupsNestTo100Deep(t *testing.T) {
	for d, want := range map[int]bool{1: true, 99: true, 100: true, 101: false, 102: false, 9_999: false, 1 << 20: false} {
		_, err := kv.Parse(nested(d))
		if want {
			assert.NoError(t, err, "%d deep", d)
		} else {
			assert.EqualError(t, err, "not a KeyValueMessage: groups are nested over 100 deep", "%d deep", d)
		}
	}
	_, err := kv.Parse(bytes.Repeat(nested(100), 3))
	assert.NoError(t, err, "one after the other")
}

// The protobuf library recurses for each nested group: a frame of 10 KB made a
// goroutine's stack grow to half a megabyte, and the stack stayed so large.
func TestParsingTakesNoStack(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // the collector would shrink the stack
	stacks := func() int64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.StackInuse)
	}
	const goroutines = 64
	deep := nested(protowire.DefaultRecursionLimit - 1)
	var parsed, ended sync.WaitGroup
	leave := make(chan struct{})
	before := stacks()
	for range goroutines {
		parsed.Add(1)
		ended.Go(func() {
			_, _ = kv.Parse(deep)
			parsed.Done()
			<-leave
		})
	}
	parsed.Wait()
	growth := stacks() - before
	close(leave)
	ended.Wait()
	assert.LessOrEqual(t, growth, int64(goroutines*32<<10), "bytes of stack, for %d goroutines", goroutines)
}

// refusal matches the reasons that a client may get: fixed words, and nothing of the
// client's input.
var refusal = regexp.MustCompile(`^not a KeyValueMessage: [a-z][a-zA-Z0-9, -]+$`)

// sameAsLibrary fails if Parse and the protobuf library differ about body, except about
// MaxGroupDepth and MaxFields.
func sameAsLibrary(t require.TestingT, body []byte) {
	if h, ok := t.(interface{ Helper() }); ok {
		h.Helper()
	}
	var want kvpb.KeyValueMessage
	wantErr := proto.Unmarshal(body, &want)
	got, err := kv.Parse(body)
	if wantErr == nil {
		if deepest, fields := shape(body); deepest > kv.MaxGroupDepth || fields > kv.MaxFields {
			require.Error(t, err)
			return
		}
	}
	require.Equal(t, wantErr == nil, err == nil, "library: %v, Parse: %v", wantErr, err)
	if err != nil {
		require.Regexp(t, refusal, err.Error())
		require.Zero(t, got)
		return
	}
	require.Equal(t, want.Key, string(got.Key))
	require.Equal(t, want.Value, string(got.Value))
	require.Equal(t, want.Kind, got.Kind)
	require.Equal(t, want.Status, got.Status)

	// Without unknown fields the message can be encoded again.
	want.ProtoReflect().SetUnknown(nil)
	wire, err := proto.MarshalOptions{Deterministic: true}.Marshal(&want)
	require.NoError(t, err)
	again := kv.AppendMessage(nil, got)
	require.True(t, bytes.Equal(wire, again), "library makes %x, AppendMessage %x", wire, again)
}

func TestParseIsTheLibrarysUnmarshal(t *testing.T) {
	for _, body := range bodies() {
		sameAsLibrary(t, body)
	}
}

func FuzzParse(f *testing.F) {
	for _, body := range bodies() {
		if len(body) < 1<<10 { // the fuzzer would spend its time on shortening longer ones
			f.Add(body)
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) { sameAsLibrary(t, body) })
}

// The test makes messages that no encoder writes, and that random bytes seldom are:
// mostly valid fields of all wire types, in groups, with one byte changed.
func TestParseOfUnusualMessagesIsTheLibrarysUnmarshal(t *testing.T) {
	number := rapid.OneOf(rapid.Uint64Range(1, 6), rapid.SampledFrom([]uint64{0, 15, 16, 1<<29 - 1, 1 << 29, 1<<31 - 1, 1 << 31, 1<<61 - 1}))
	text := rapid.OneOf(rapid.SliceOfN(rapid.Byte(), 0, 3), rapid.Just([]byte(strings.Repeat("long", 50))), rapid.Map(rapid.String(), func(s string) []byte { return []byte(s) }))
	// varint appends v in as few bytes as possible, or in more.
	varint := func(t *rapid.T, b []byte, v uint64) []byte {
		start := len(b)
		b = protowire.AppendVarint(b, v)
		if more := rapid.SampledFrom([]int{0, 0, 0, 1, 2, 10}).Draw(t, "zeros"); more > 0 {
			b[len(b)-1] |= 0x80
			for more = min(more, 10-(len(b)-start)); more > 1; more-- {
				b = append(b, 0x80)
			}
			b = append(b, 0)
		}
		return b
	}
	rapid.Check(t, func(t *rapid.T) {
		var body []byte
		var open []uint64
		for range rapid.IntRange(0, 20).Draw(t, "fields") {
			n := number.Draw(t, "number")
			wire := rapid.Uint64Range(0, 7).Draw(t, "wire type")
			if wire > 5 && rapid.IntRange(0, 20).Draw(t, "reserved") > 0 {
				wire = 4 - wire%2
			}
			if wire == 4 && len(open) > 0 && rapid.IntRange(0, 20).Draw(t, "mismatch") > 0 {
				n = open[len(open)-1]
				open = open[:len(open)-1]
			}
			body = varint(t, body, n<<3|wire)
			switch wire {
			case 0:
				body = varint(t, body, rapid.Uint64().Draw(t, "varint"))
			case 1:
				body = append(body, "8 bytes."...)
			case 2:
				p := text.Draw(t, "text")
				body = append(varint(t, body, uint64(len(p))), p...)
			case 3:
				open = append(open, n)
			case 5:
				body = append(body, "four"...)
			}
		}
		for ; len(open) > 0 && rapid.IntRange(0, 20).Draw(t, "left open") > 0; open = open[:len(open)-1] {
			body = varint(t, body, open[len(open)-1]<<3|4)
		}
		if len(body) > 0 && rapid.Bool().Draw(t, "changed") {
			body[rapid.IntRange(0, len(body)-1).Draw(t, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		}
		sameAsLibrary(t, body)
	})
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
			return // AppendMessage's caller must provide UTF-8
		}
		got := kv.AppendMessage(nil, kv.Message{Key: []byte(key), Value: []byte(value), Kind: kind, Status: kvpb.Status(status)})
		if !bytes.Equal(want, got) { // an empty message may be nil
			t.Fatalf("library makes %x, AppendMessage %x", want, got)
		}
	})
}

func TestAVarintIsCutOrTooLong(t *testing.T) {
	for body, reason := range map[string]string{
		"\x18\x80":     "it ends inside a field",
		"\x80":         "it ends inside a field",
		"\x0a\x80\x80": "it ends inside a field",
		"\x18" + strings.Repeat("\xff", 9) + "\x02":  "a varint has more than 64 bits",
		"\x18" + strings.Repeat("\x80", 10) + "\x01": "a varint has more than 64 bits",
		strings.Repeat("\xff", 11):                   "a varint has more than 64 bits",
	} {
		_, err := kv.Parse([]byte(body))
		assert.EqualError(t, err, "not a KeyValueMessage: "+reason, "%x", body)
	}
}
