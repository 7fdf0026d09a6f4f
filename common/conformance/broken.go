package conformance

import (
	"bytes"
	"fmt"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
)

// brokenRules: bytes that are no frame. The start of the next frame is
// unknown, so the server must say why and end the connection: reply, FIN, and
// only later the close. A close with unread input sends a reset, which can
// destroy the reply on its way.
var brokenRules = []Rule{
	{ID: "length-too-small", Fault: 3, Title: "a length of 0 to 4 gets an error and a FIN", run: lengthTooSmall},
	{ID: "length-too-large", Fault: 4, Title: "a length over the limit gets an error and a FIN, at once", run: lengthTooLarge},
	{ID: "largest-frame", Fault: 4, Title: "a frame as long as the limit is served", run: largestFrame},
	{ID: "http", Fault: 4, Title: "an HTTP request gets an error and a FIN", run: httpRequest},
	{ID: "tls", Fault: 4, Title: "a TLS hello gets an error and a FIN", run: tlsHello, applies: helloIsTooLong},
	{ID: "garbage-behind", Fault: 5, Title: "the error arrives although 200 KiB follow the bad length", run: garbageBehind},
	{ID: "wrong-footer", Fault: 7, Title: "a footer with any byte wrong gets an error and a FIN", run: wrongFooter},
	{ID: "good-before-bad", Fault: 7, Title: "requests before a broken frame are answered", run: goodBeforeBad},
	{ID: "nothing-after-bad", Fault: 7, Title: "requests behind a broken frame are not carried out", run: nothingAfterBad},
}

// ends expects an error as the reply to data, then a FIN, and then that the
// server still serves others.
func (t *trial) ends(data ...[]byte) {
	c := t.dial()
	c.Send(data...)
	c.WantError(0)
	c.WantEnd()
	t.leave()
}

func lengthTooSmall(t *trial) {
	for length := range uint32(5) {
		t.ends(probe.Header(length))
		t.ends(probe.Header(length), []byte("@EOF@"))
	}
	t.alive()
}

// lengthTooLarge sends only the length, so a server that waits for the rest,
// or allocates memory for it, fails.
func lengthTooLarge(t *trial) {
	for _, length := range []uint32{uint32(t.MaxFrame) + 1, 1<<31 - 1, 1 << 31, 1<<32 - 1} {
		t.ends(probe.Header(length))
	}
	t.alive()
}

func largestFrame(t *trial) {
	key := t.key("k")
	value := bytes.Repeat([]byte("v"), fit(t.MaxFrame, key))
	frame := probe.Put(key, string(value))
	if length := len(frame) - len(probe.Header(0)); length != t.MaxFrame {
		key += "k" // the value's size would need one byte more
		frame = probe.Put(key, string(value))
	}
	c := t.dial()
	wait := c.Start(frame, probe.Get(key))
	c.Want(probe.Stored)
	c.Want(probe.Found(key, string(value)))
	wait()
}

func httpRequest(t *trial) {
	t.ends([]byte("GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n"))
	t.alive()
}

// tlsBytes is the beginning of a TLS 1.3 client: a handshake record of 512
// bytes with a hello of 508.
var tlsBytes = append([]byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), bytes.Repeat([]byte{0x5a}, 506)...)

// The first four bytes, as a length, are 33,620,758.
func helloIsTooLong(o Options) bool { return o.MaxFrame < 0x02010316 }

func tlsHello(t *trial) {
	t.ends(tlsBytes)
	t.alive()
}

// garbageBehind tries often, because a lost reply is a race.
func garbageBehind(t *trial) {
	garbage := bytes.Repeat([]byte("garbage "), 200<<10/8)
	for range 100 {
		t.ends(probe.Header(1<<32-1), garbage)
	}
	t.alive()
}

func wrongFooter(t *trial) {
	good := probe.Get(t.key("k"))
	for i := len(good) - len("@EOF@"); i < len(good); i++ {
		bad := bytes.Clone(good)
		bad[i] ^= 0x20
		t.ends(bad)
	}
	t.alive()
}

func goodBeforeBad(t *trial) {
	key := t.key("k")
	bad := probe.Get(key)
	bad[len(bad)-1] = '!'
	for i, broken := range [][]byte{bad, probe.Header(0), probe.Header(1<<32 - 1)} {
		value := fmt.Sprint(i)
		c := t.dial()
		c.Send(probe.Put(key, value), probe.Get(key), broken)
		c.Want(probe.Stored)
		c.Want(probe.Found(key, value))
		c.WantError(0)
		c.WantEnd()
		t.leave()
	}
}

func nothingAfterBad(t *trial) {
	key := t.key("k")
	bad := probe.Get(key)
	bad[len(bad)-1] = '!'
	t.ends(bad, probe.Put(key, "v"))
	c := t.dial()
	c.Send(probe.Get(key))
	c.Want(probe.Absent(key))
}
