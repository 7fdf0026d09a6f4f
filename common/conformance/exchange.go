package conformance

import (
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
)

// exchangeRules: correct requests and their replies.
var exchangeRules = []Rule{
	{ID: "golden-frames", Title: "golden requests get the golden replies, byte for byte", run: goldenFrames},
	{ID: "put-get", Title: "a get returns the value that was put", run: putGet},
	{ID: "put-reply", Title: "the reply to a put is 07000000 1803 4045 4f46 40", run: putReply},
	{ID: "get-absent", Title: "a get of an absent key is NotOk, with the key and no value", run: getAbsent},
	{ID: "empty-key", Title: "the empty key is a key", run: emptyKey},
	{ID: "empty-value", Title: "the empty value is a value", run: emptyValue},
	{ID: "multi-byte-text", Title: "keys and values are text of any script", run: multiByteText},
	{ID: "overwrite", Title: "a put replaces the value with a longer, a shorter or an empty one", run: overwrite},
	{ID: "sizes", Title: "values of every size up to the frame limit come back", run: sizes},
	{ID: "footer-in-value", Fault: 8, Title: "a value may contain the footer", run: footerInValue},
	{ID: "frame-in-value", Fault: 8, Title: "a value may contain a whole frame", run: frameInValue},
	{ID: "kept-copy", Fault: 13, Title: "a stored value does not change when other frames follow", run: keptCopy},
}

// golden are frames as the protocol's first implementation sent them: facts,
// not inventions of this project.
//
//go:embed testdata/frames.json
var golden []byte

// Frame is a golden frame and its contents.
type Frame struct {
	Name   string `json:"name"`
	Key    string `json:"key"`
	Value  string `json:"value"`
	Kind   uint32 `json:"kind"`
	Status int32  `json:"status"`
	Hex    string `json:"frame_hex"`
}

// Bytes returns the encoded frame.
func (f Frame) Bytes() []byte {
	b, err := hex.DecodeString(f.Hex)
	if err != nil {
		panic(fmt.Sprintf("golden frame %q: %v", f.Name, err))
	}
	return b
}

// GoldenFrames returns frames that every implementation of the protocol must
// decode to the same message, and encode to the same bytes.
func GoldenFrames() []Frame {
	var frames []Frame
	if err := json.Unmarshal(golden, &frames); err != nil {
		panic(fmt.Sprintf("golden frames: %v", err))
	}
	return frames
}

func goldenFrames(t *trial) {
	frames := make(map[string]Frame)
	for _, f := range GoldenFrames() {
		frames[f.Name] = f
	}
	stored := frames["put ok response"].Bytes()
	c := t.dial()

	// The protocol has no delete, so only a new server can give the reply for an
	// absent key.
	get := frames["get"]
	c.Send(get.Bytes())
	if got := c.Receive(); got.Status == probe.NotOk && got != probe.Absent(get.Key) {
		t.Fatalf("sent %s; expected %v; got %v", get.Hex, probe.Absent(get.Key), got)
	}
	for _, f := range GoldenFrames() {
		if f.Kind == probe.KindPut && f.Key+f.Value != "" && len(f.Bytes()) <= t.MaxFrame {
			c.Send(f.Bytes())
			c.WantBytes(stored)
			c.Send(probe.Get(f.Key))
			c.Want(probe.Found(f.Key, f.Value))
		}
	}
	c.Send(frames["put"].Bytes())
	c.WantBytes(stored)
	c.Send(get.Bytes())
	c.WantBytes(frames["get ok response"].Bytes())

	// The golden reply for an absent key, with another absent key.
	absent := t.key("absent")
	c.Send(probe.Get(absent))
	c.WantBytes(probe.Frame(probe.Body(probe.Absent(absent))))
}

func putGet(t *trial) {
	key := t.key("k")
	c := t.dial()
	c.Send(probe.Put(key, "value"))
	c.Want(probe.Stored)
	c.Send(probe.Get(key))
	c.Want(probe.Found(key, "value"))
	// Another connection sees the value, too.
	t.leave()
	c = t.dial()
	c.Send(probe.Get(key))
	c.Want(probe.Found(key, "value"))
}

func putReply(t *trial) {
	c := t.dial()
	c.Send(probe.Put(t.key("k"), "value"))
	c.WantBytes([]byte("\x07\x00\x00\x00\x18\x03@EOF@"))
}

func getAbsent(t *trial) {
	key := t.key("absent")
	c := t.dial()
	c.Send(probe.Get(key))
	c.Want(probe.Absent(key))
}

func emptyKey(t *trial) {
	c := t.dial()
	c.Send(probe.Put("", "of the empty key"), probe.Get(""))
	c.Want(probe.Stored)
	c.Want(probe.Found("", "of the empty key"))
}

func emptyValue(t *trial) {
	key := t.key("empty")
	c := t.dial()
	c.Send(probe.Put(key, ""), probe.Get(key))
	c.Want(probe.Stored)
	c.Want(probe.Found(key, ""))
}

func multiByteText(t *trial) {
	c := t.dial()
	for _, text := range []string{"ключ", "値", "🙂", "e\u0301", "\u0000", "\uFEFF", "\uFFFD", "\U0010FFFF", "right\u202Eleft"} {
		key := t.key(text)
		c.Send(probe.Put(key, text), probe.Get(key))
		c.Want(probe.Stored)
		c.Want(probe.Found(key, text))
	}
}

func overwrite(t *trial) {
	key := t.key("k")
	c := t.dial()
	for i, size := range []int{10, 10, 1000, 3, 0, 70_000, 1} {
		value := t.text(size, i)
		c.Send(probe.Put(key, value), probe.Get(key))
		c.Want(probe.Stored)
		c.Want(probe.Found(key, value))
	}
}

// sizes tries lengths at which encodings and buffers change: lengths whose own
// encoding needs one byte more, and powers of two.
func sizes(t *trial) {
	key := t.key("k")
	largest := fit(t.MaxFrame, key)
	c := t.dial()
	for _, size := range []int{1, 127, 128, 4096, 16_383, 16_384, 65_535, 65_536, 65_537, 200_000, largest - 1, largest} {
		if size < 0 || size > largest {
			continue
		}
		value := strings.Repeat("v", size)
		wait := c.Start(probe.Put(key, value), probe.Get(key))
		c.Want(probe.Stored)
		c.Want(probe.Found(key, value))
		wait()
	}
}

func footerInValue(t *trial) {
	c := t.dial()
	for i, value := range []string{"@EOF@", "left@EOF@right", "@EOF@@EOF@", "@EOF", "@", "@EOF@\x05\x00\x00\x00@EOF@"} {
		key := t.key(fmt.Sprint("@EOF@", i))
		c.Send(probe.Put(key, value), probe.Get(key))
		c.Want(probe.Stored)
		c.Want(probe.Found(key, value))
	}
}

func frameInValue(t *trial) {
	key, inner := t.key("outer"), t.key("inner")
	value := string(probe.Put(inner, "x"))
	c := t.dial()
	c.Send(probe.Put(key, value), probe.Get(key), probe.Get(inner))
	c.Want(probe.Stored)
	c.Want(probe.Found(key, value))
	c.Want(probe.Absent(inner))
}

func keptCopy(t *trial) {
	const others = 1000
	key, value := t.key("kept"), t.text(300, 0)
	frames := [][]byte{probe.Put(key, value)}
	for i := range others {
		frames = append(frames, probe.Put(t.key(fmt.Sprint(i%10)), t.text(250+i%100, i)))
	}
	c := t.dial()
	wait := c.Start(append(frames, probe.Get(key))...)
	for range others + 1 {
		c.Want(probe.Stored)
	}
	c.Want(probe.Found(key, value))
	wait()
}
