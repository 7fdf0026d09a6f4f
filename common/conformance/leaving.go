package conformance

import (
	"fmt"
	"time"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
)

// leavingRules: clients that leave, with a FIN or a RST.
var leavingRules = []Rule{
	{ID: "fin-in-frame", Fault: 22, Title: "a FIN inside a frame is answered by a close", run: finInFrame},
	{ID: "put-then-close", Fault: 27, Title: "a put is carried out although the client closes at once", run: putThenClose},
	{ID: "rst-in-frame", Fault: 24, Title: "a reset inside a frame affects no other client", run: rstInFrame},
	{ID: "rst-in-reply", Fault: 24, Title: "a reset inside a large reply affects no other client", run: rstInReply},
	{ID: "come-and-go", Fault: 25, Title: "clients that connect and reset affect no other client", run: comeAndGo},
}

func finInFrame(t *trial) {
	key := t.key("k")
	frame := probe.Put(key, "v")
	for _, cut := range []int{1, 3, 4, 5, len(frame) - 6, len(frame) - 5, len(frame) - 1} {
		c := t.dial()
		c.Send(frame[:cut])
		c.HalfClose()
		c.WantEnd()
		t.leave()
	}
	// The server must answer the whole frames before the FIN, and must not carry
	// out the incomplete one.
	c := t.dial()
	c.Send(probe.Get(key), frame[:len(frame)-1])
	c.HalfClose()
	c.Want(probe.Absent(key))
	c.WantEnd()
	t.alive()
}

// putThenClose polls, each time with a new client: the put and the get are on
// different connections, and only the server knows which of them it reads
// first.
func putThenClose(t *trial) {
	const puts = 50
	for i := range puts {
		c := t.dial()
		c.Send(probe.Put(t.key(fmt.Sprint(i)), "v"))
		t.leave()
	}
	for i := range puts {
		key := t.key(fmt.Sprint(i))
		for {
			c := t.dial()
			c.Send(probe.Get(key))
			got := c.Receive()
			t.leave()
			if got == probe.Found(key, "v") {
				break
			}
			if got != probe.Absent(key) || t.ctx.Err() != nil {
				t.Fatalf("sent %s, then a FIN, and asked for the value; expected %v; got %v",
					probe.Hex(probe.Put(key, "v")), probe.Found(key, "v"), got)
			}
			time.Sleep(time.Millisecond)
		}
	}
}

func rstInFrame(t *trial) {
	frame := probe.Put(t.key("k"), t.text(1000, 0))
	for i := range 50 {
		c := t.dial()
		c.Send(probe.Get(t.key("absent")), frame[:1+i%(len(frame)-1)])
		if i%2 == 0 { // half of them after the server has read the part
			c.Want(probe.Absent(t.key("absent")))
		}
		c.Reset()
	}
	t.alive()
}

func rstInReply(t *trial) {
	key, value := t.key("k"), t.text(1<<20, 0)
	c := t.dial()
	wait := c.Start(probe.Put(key, value))
	c.Want(probe.Stored)
	wait()
	t.leave()
	for range 20 {
		c := t.dial()
		for range 5 {
			c.Send(probe.Get(key))
		}
		c.WantBytes(probe.Frame(probe.Body(probe.Found(key, value)))[:10])
		c.Reset()
	}
	t.alive()
}

func comeAndGo(t *trial) {
	for i := range 200 {
		c := t.dial()
		if i%2 == 0 {
			c.Reset()
		}
		t.leave()
	}
	t.alive()
}
