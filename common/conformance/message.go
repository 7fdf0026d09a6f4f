package conformance

import (
	"bytes"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
)

// messageRules: bodies that are valid protobuf, and bodies that are not. After
// a whole frame the start of the next one is known, so a bad body gets an
// error as its reply, and the connection continues.
var messageRules = []Rule{
	{ID: "field-order", Fault: 11, Title: "fields may come in any order", run: fieldOrder},
	{ID: "repeated-field", Fault: 11, Title: "of a repeated field the last value counts", run: repeatedField},
	{ID: "unknown-fields", Fault: 11, Title: "unknown fields of every type are ignored", run: unknownFields},
	{ID: "deep-groups", Fault: 11, Title: "groups nested 10,002 deep get an error, and the connection goes on", run: deepGroups,
		applies: func(o Options) bool { return o.MaxFrame > 3*tooDeep }},
	{ID: "bad-protobuf", Fault: 9, Title: "a body that is no message gets an error, and the connection goes on", run: badProtobuf},
	{ID: "bad-text-in-key", Fault: 10, Title: "a key that is not UTF-8 gets an error, and the connection goes on", run: badKey},
	{ID: "bad-text-in-value", Fault: 10, Title: "a value that is not UTF-8 gets an error, and the connection goes on", run: badValue},
	{ID: "unknown-kind", Fault: 12, Title: "an unknown kind gets an error of that kind, and the connection goes on", run: unknownKind},
	{ID: "empty-body", Fault: 12, Title: "an empty body gets an error, and the connection goes on", run: emptyBody},
	{ID: "error-in-pipeline", Fault: 9, Title: "an error reply comes in its place among the other replies", run: errorInPipeline},
}

// The message's fields.
const (
	fieldKey = iota + 1
	fieldValue
	fieldKind
	fieldStatus
)

// body builds messages field by field, also messages that no encoder makes.
type body []byte

func (b body) text(field protowire.Number, s string) body {
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), s)
}

func (b body) number(field protowire.Number, n uint64) body {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), n)
}

func fieldOrder(t *trial) {
	key := t.key("k")
	c := t.dial()
	c.Send(probe.Frame(body{}.number(fieldKind, probe.KindPut).text(fieldValue, "v").text(fieldKey, key)))
	c.Want(probe.Stored)
	c.Send(probe.Frame(body{}.number(fieldKind, probe.KindGet).text(fieldKey, key)))
	c.Want(probe.Found(key, "v"))
}

func repeatedField(t *trial) {
	first, last := t.key("first"), t.key("last")
	c := t.dial()
	c.Send(probe.Frame(body{}.
		text(fieldKey, first).text(fieldValue, "first").number(fieldKind, probe.KindGet).
		text(fieldKey, last).text(fieldValue, "last").number(fieldKind, probe.KindPut)))
	c.Want(probe.Stored)
	c.Send(probe.Get(last), probe.Get(first))
	c.Want(probe.Found(last, "last"))
	c.Want(probe.Absent(first))
}

func unknownFields(t *trial) {
	key := t.key("k")
	unknown := body{}.number(5, 1<<63).number(protowire.MaxValidNumber, 1).text(15, "unknown").text(16, "")
	unknown = protowire.AppendFixed32(protowire.AppendTag(unknown, 100, protowire.Fixed32Type), 1)
	unknown = protowire.AppendFixed64(protowire.AppendTag(unknown, 101, protowire.Fixed64Type), 1)
	unknown = protowire.AppendTag(unknown, 102, protowire.StartGroupType)
	unknown = protowire.AppendGroup(unknown, 102, body{}.number(fieldKind, 9).text(fieldKey, "in a group"))
	// A known field number with another type is unknown, too.
	unknown = unknown.number(fieldKey, 7).text(fieldKind, "seven")
	c := t.dial()
	for i, request := range []body{
		append(body{}.number(fieldKind, probe.KindPut).text(fieldKey, key).text(fieldValue, "v"), unknown...),
		append(append(body{}, unknown...), probe.Body(probe.Message{Key: key, Value: "w", Kind: probe.KindPut})...),
	} {
		c.Send(probe.Frame(request), probe.Get(key))
		c.Want(probe.Stored)
		c.Want(probe.Found(key, []string{"v", "w"}[i]))
	}
}

// tooDeep is the smallest depth that protobuf's Go library refuses: it allows
// 10,000 groups within a group. Libraries of other languages may refuse a
// smaller depth, so no rule requires that such groups are accepted.
const tooDeep = protowire.DefaultRecursionLimit + 2

func deepGroups(t *trial) {
	opening := protowire.AppendTag(nil, 5, protowire.StartGroupType)
	closing := protowire.AppendTag(nil, 5, protowire.EndGroupType)
	nested := append(bytes.Repeat(opening, tooDeep), bytes.Repeat(closing, tooDeep)...)
	t.keeps(0, body{}.number(fieldKind, probe.KindGet).raw(nested...))
	t.alive()
}

func (b body) raw(bytes ...byte) body { return append(b, bytes...) }

func badProtobuf(t *trial) {
	kind := body{}.number(fieldKind, probe.KindGet)
	for _, bad := range []body{
		body("a line of text\n"),
		kind.raw(0x0a),                               // a key without its length
		kind.raw(0x0a, 5, 'k'),                       // a key shorter than its length
		kind.raw(0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f), // a key of 4 GiB
		kind.raw(0x0a).raw(bytes.Repeat([]byte{0xff}, 9)...).raw(0x01), // of 2^64-1 bytes
		kind.raw(0x18, 0x80), // a number without an end
		kind.raw(0x18).raw(bytes.Repeat([]byte{0xff}, 10)...).raw(0x01), // a number of more than 64 bits
		kind.raw(0x00, 0x01),                // field number 0
		kind.raw(0x0e, 0x00),                // wire type 6
		kind.raw(0x0f, 0x00),                // wire type 7
		kind.raw(0x2b),                      // a group without an end
		kind.raw(0x2c),                      // the end of a group that did not begin
		kind.raw(0x2b, 0x34),                // a group with the end of another
		kind.raw(0x2d, 1, 2, 3),             // three of four bytes
		kind.raw(0x29, 1, 2, 3, 4, 5, 6, 7), // seven of eight
		kind.raw(bytes.Repeat([]byte{0}, 100)...),
	} {
		t.keeps(0, bad)
	}
}

// badText is not UTF-8, in ways that decoders have got wrong.
var badText = []string{
	"\xff",
	"a\x80",            // a continuation byte alone
	"\xc0\x80",         // NUL, overlong
	"\xe0\x80\xaf",     // '/', overlong
	"\xed\xa0\x80",     // half of a surrogate pair
	"\xf4\x90\x80\x80", // beyond U+10FFFF
	"\xe2\x82",         // cut off
	"good, then \xf0\x9f\x99",
	strings.Repeat("a", 100) + "\xfe",
}

func badKey(t *trial) {
	for _, text := range badText {
		t.keeps(0, body{}.text(fieldKey, text).number(fieldKind, probe.KindGet))
		t.keeps(0, body{}.text(fieldKey, text).text(fieldValue, "v").number(fieldKind, probe.KindPut))
	}
}

func badValue(t *trial) {
	key := t.key("k")
	for _, text := range badText {
		t.keeps(0, body{}.text(fieldKey, key).text(fieldValue, text).number(fieldKind, probe.KindPut))
	}
	// The server must not have stored it.
	c := t.dial()
	c.Send(probe.Get(key))
	c.Want(probe.Absent(key))
}

func unknownKind(t *trial) {
	for _, kind := range []uint32{0, 2, 4, 9, 127, 128, 300, 1<<32 - 1} {
		t.keeps(kind, probe.Body(probe.Message{Key: t.key("k"), Value: "v", Kind: kind}))
	}
}

func emptyBody(t *trial) { t.keeps(0, nil) }

// keeps expects an error for the body, of the given kind, and then a reply
// to another request on the same connection.
func (t *trial) keeps(kind uint32, b body) {
	key := t.key("after an error")
	c := t.dial()
	defer t.leave()
	c.Send(probe.Frame(b))
	c.WantError(kind)
	c.Send(probe.Put(key, "v"), probe.Get(key))
	c.Want(probe.Stored)
	c.Want(probe.Found(key, "v"))
}

func errorInPipeline(t *trial) {
	key := t.key("k")
	bad := probe.Frame(body{}.text(fieldKey, "\xff").number(fieldKind, probe.KindGet))
	strange := probe.Frame(body{}.number(fieldKind, 300))
	c := t.dial()
	c.Send(probe.Put(key, "1"), bad, probe.Get(key), strange, bad, probe.Put(key, "2"), probe.Get(key))
	c.Want(probe.Stored)
	c.WantError(0)
	c.Want(probe.Found(key, "1"))
	c.WantError(300)
	c.WantError(0)
	c.Want(probe.Stored)
	c.Want(probe.Found(key, "2"))
}
