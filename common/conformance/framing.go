package conformance

import (
	"github.com/ioflavors/ioflavors/common/conformance/probe"
)

// framingRules: TCP is a stream. It may deliver a frame in any parts, and many
// frames together.
var framingRules = []Rule{
	{ID: "cut-anywhere", Fault: 1, Title: "three frames are served wherever they are cut", run: cutAnywhere},
	{ID: "byte-by-byte", Fault: 1, Title: "frames are served when each byte is sent by itself", run: byteByByte},
	{ID: "cut-large", Fault: 1, Title: "a large frame that comes in parts of many sizes is served", run: cutLarge},
}

// cutAnywhere makes the server read the two parts separately. The first part
// arrives together with a whole request. When that request is answered, the
// first part has arrived, too. Only then the second part is sent.
func cutAnywhere(t *trial) {
	key, absent, before := t.key("k"), t.key("absent"), t.key("before")
	frames := [][]byte{probe.Put(key, "some value"), probe.Get(key), probe.Get(absent)}
	replies := []probe.Message{probe.Stored, probe.Found(key, "some value"), probe.Absent(absent)}
	var all []byte
	for _, f := range frames {
		all = append(all, f...)
	}
	c := t.dial()
	for cut := range len(all) + 1 {
		c.Send(probe.Get(before), all[:cut])
		c.Want(probe.Absent(before))
		c.Send(all[cut:])
		for _, reply := range replies {
			c.Want(reply)
		}
	}
}

func byteByByte(t *trial) {
	key := t.key("k")
	c := t.dial()
	for _, frame := range [][]byte{probe.Put(key, "some value"), probe.Get(key)} {
		for i := range frame {
			c.Send(frame[i : i+1])
		}
	}
	c.Want(probe.Stored)
	c.Want(probe.Found(key, "some value"))
}

func cutLarge(t *trial) {
	key, before := t.key("k"), t.key("before")
	value := t.text(200_000, 0)
	frame := probe.Put(key, value)
	c := t.dial()
	for _, part := range []int{1000, 4095, 4096, 4097, 65_535, 65_536, 65_537, 150_000} {
		part = min(part, len(frame)-1)
		c.Send(probe.Get(before), frame[:part])
		c.Want(probe.Absent(before))
		for rest := frame[part:]; len(rest) > 0; rest = rest[min(part, len(rest)):] {
			c.Send(rest[:min(part, len(rest))])
		}
		c.Want(probe.Stored)
	}
	c.Send(probe.Get(key))
	c.Want(probe.Found(key, value))
}
