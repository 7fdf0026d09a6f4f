package conformance

import (
	"fmt"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
)

// pipelineRules: a connection may have any number of requests in flight, and
// the server answers them in order.
var pipelineRules = []Rule{
	{ID: "pipeline", Fault: 2, Title: "10,000 requests in one write are answered in order", run: pipeline},
	{ID: "pipeline-sizes", Fault: 18, Title: "requests and replies of very different sizes keep their order", run: pipelineSizes},
	{ID: "large-replies", Fault: 16, Title: "a client that asks for much before it reads gets all of it", run: largeReplies},
	{ID: "small-window", Fault: 18, Title: "a client with a small receive window gets every byte", run: smallWindow},
	{ID: "half-close", Fault: 23, Title: "a client that has sent its FIN still gets every answer, then a FIN", run: halfClose},
	{ID: "half-close-large", Fault: 23, Title: "a client that has sent its FIN gets 1000 replies of 16 KiB, then a FIN", run: halfCloseLarge},
}

func pipeline(t *trial) {
	const requests = 10_000
	c := t.dial()
	var frames [][]byte
	var replies []probe.Message
	for i := range requests {
		key := t.key(fmt.Sprint(i / 3))
		switch i % 3 {
		case 0:
			frames, replies = append(frames, probe.Get(key)), append(replies, probe.Absent(key))
		case 1:
			frames, replies = append(frames, probe.Put(key, key)), append(replies, probe.Stored)
		case 2:
			frames, replies = append(frames, probe.Get(key)), append(replies, probe.Found(key, key))
		}
	}
	wait := c.Start(frames...)
	for _, reply := range replies {
		c.Want(reply)
	}
	wait()
}

func pipelineSizes(t *trial) {
	c := t.dial()
	var frames [][]byte
	var replies []probe.Message
	for i, size := range []int{0, 70_000, 1, 300, 200_000, 5, 64 << 10, 16 << 10, 1 << 20, 2} {
		key, value := t.key(fmt.Sprint(i)), t.text(size, i)
		for range 3 {
			frames = append(frames, probe.Put(key, value), probe.Get(key))
			replies = append(replies, probe.Stored, probe.Found(key, value))
		}
	}
	wait := c.Start(frames...)
	for _, reply := range replies {
		c.Want(reply)
	}
	wait()
}

// largeReplies requests 20 MB, more than the kernels on the way hold, and reads
// nothing until another client has been served: a server that has stopped
// writing to one client must still serve the others.
func largeReplies(t *trial) {
	const asked = 40
	key, value := t.key("k"), t.text(500_000, 0)
	c := t.dial()
	c.Send(probe.Put(key, value))
	c.Want(probe.Stored)
	var gets [][]byte
	for range asked {
		gets = append(gets, probe.Get(key))
	}
	c.Send(gets...)
	if !t.OneAtATime {
		other := t.dial()
		other.Send(probe.Put(t.key("other"), "x"))
		other.Want(probe.Stored)
	}
	for range asked {
		c.Want(probe.Found(key, value))
	}
}

// smallWindow makes the server write many small parts.
func smallWindow(t *trial) {
	key, value := t.key("k"), t.text(300_000, 0)
	c := t.dial()
	if err := c.SetReadBuffer(32 << 10); err != nil {
		t.Fatalf("this system has no small receive buffer: %v", err)
	}
	c.Send(probe.Put(key, value))
	c.Want(probe.Stored)
	const asked = 10
	for range asked {
		c.Send(probe.Get(key))
	}
	for range asked {
		c.Want(probe.Found(key, value))
	}
}

func halfClose(t *trial) {
	key := t.key("k")
	c := t.dial()
	c.Send(probe.Put(key, "v"), probe.Get(key))
	c.HalfClose()
	c.Want(probe.Stored)
	c.Want(probe.Found(key, "v"))
	c.WantEnd()

	// The server answers a FIN without a request by a FIN.
	t.leave()
	c = t.dial()
	c.HalfClose()
	c.WantEnd()
}

func halfCloseLarge(t *trial) {
	const replies = 1000
	key, value := t.key("k"), t.text(16<<10, 0)
	c := t.dial()
	c.Send(probe.Put(key, value))
	c.Want(probe.Stored)
	var gets [][]byte
	for range replies {
		gets = append(gets, probe.Get(key))
	}
	c.Send(gets...)
	c.HalfClose()
	for range replies {
		c.Want(probe.Found(key, value))
	}
	c.WantEnd()
}
