package conformance

import (
	"bytes"
	"time"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
)

// timeoutRules: how long a server waits for a client. They run only if the
// timeout is known.
var timeoutRules = []Rule{
	{ID: "idle-timeout", Fault: 15, Title: "a client that sends nothing is closed", run: idleTimeout,
		applies: func(o Options) bool { return o.IdleTimeout > 0 }},
	{ID: "frame-timeout", Fault: 14, Title: "a client whose frame dribbles in is closed", run: frameTimeout,
		applies: func(o Options) bool { return o.FrameTimeout > 0 }},
	{ID: "write-timeout", Fault: 17, Title: "a client that takes none of its replies is closed", run: writeTimeout,
		applies: func(o Options) bool { return o.WriteTimeout > 0 }},
	{ID: "silent-client", Fault: 21, Title: "a client that sends nothing does not keep others waiting for ever", run: silentClient,
		applies: func(o Options) bool { return o.IdleTimeout > 0 }},
}

func idleTimeout(t *trial) {
	for _, requests := range []int{0, 1} {
		// begin is taken before the connection is made. If this process stands still
		// in between, begin is still no later than the start of the server's
		// timeout.
		begin := time.Now()
		c := t.dial()
		for range requests {
			c.Send(probe.Get(t.key("absent")))
			c.Want(probe.Absent(t.key("absent")))
		}
		c.WantEnd()
		// Half of the timeout, because servers' clocks may be coarse.
		if waited := time.Since(begin); waited < t.IdleTimeout/2 {
			t.Fatalf("made %d requests, then none; expected the server to wait for %v; got a close after %v", requests, t.IdleTimeout, waited)
		}
		t.leave()
	}
	t.alive()
}

// frameTimeout sends a byte now and then, each of them well within the
// timeout: the timeout counts from the beginning of the frame.
func frameTimeout(t *trial) {
	c := t.dial()
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for data := probe.Header(uint32(t.MaxFrame)); ; data = []byte{'x'} {
			if _, err := c.Write(data); err != nil {
				return
			}
			time.Sleep(max(time.Millisecond, t.FrameTimeout/20))
		}
	}()
	defer func() { c.Close(); <-stopped }()
	c.WantClosed()
	t.alive()
}

// writeTimeout requests more than the kernels on the way hold. It reads
// nothing, so it notices the server's close only by writing a byte now and
// then.
func writeTimeout(t *trial) {
	key, value := t.key("k"), t.text(500_000, 0)
	c := t.dial()
	_ = c.SetReadBuffer(32 << 10)
	c.Send(probe.Put(key, value))
	c.Want(probe.Stored)
	get := probe.Get(key)
	_, err := c.Write(bytes.Repeat(get, 20<<20/max(1, len(value))))
	for err == nil {
		time.Sleep(max(time.Millisecond, t.WriteTimeout/20))
		_, err = c.Write(get[:1])
	}
	if t.ctx.Err() != nil {
		t.Fatalf("sent %s again and again and read nothing; expected the server to close the connection; got no close until the time was up", probe.Hex(get))
	}
	t.alive()
}

// silentClient matters for servers with one client at a time; all others pass
// easily.
func silentClient(t *trial) {
	t.exchange(t.dial(), "first") // then this client is silent
	t.exchange(t.dial(), "next")
}
