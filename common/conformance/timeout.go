package conformance

import (
	"time"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
)

// timeoutRules: how long a server waits for a client. They are run only when
// it is known how long that is.
var timeoutRules = []Rule{
	{ID: "idle-timeout", Fault: 15, Title: "a client that says nothing is left", run: idleTimeout,
		applies: func(o Options) bool { return o.IdleTimeout > 0 }},
	{ID: "frame-timeout", Fault: 14, Title: "a frame that dribbles in is not waited for", run: frameTimeout,
		applies: func(o Options) bool { return o.FrameTimeout > 0 }},
}

func idleTimeout(t *trial) {
	for _, requests := range []int{0, 1} {
		c := t.dial()
		begin := time.Now()
		for range requests {
			c.Send(probe.Get(t.key("absent")))
			c.Want(probe.Absent(t.key("absent")))
		}
		c.WantEnd()
		// Half, because servers' clocks may be coarse.
		if waited := time.Since(begin); waited < t.IdleTimeout/2 {
			t.Fatalf("made %d requests, then none; expected the server to wait for %v; got a close after %v", requests, t.IdleTimeout, waited)
		}
		t.leave()
	}
	t.alive()
}

// frameTimeout sends a byte now and then, each of them well within the time:
// what counts is when the frame began.
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
