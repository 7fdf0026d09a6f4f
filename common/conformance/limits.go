package conformance

import (
	"fmt"
	"sync"
	"time"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
)

// limitRules: no client can use up a resource that all need. If the operator
// chooses a limit, its rule runs only if the limit is known.
var limitRules = []Rule{
	{ID: "claims", Fault: 6, Title: "clients that announce large frames and send little of them do not keep others from being served", run: claims},
	{ID: "storm", Fault: 32, Title: "clients that come all at once are all served", run: storm},
	{ID: "over-limit", Fault: 29, Title: "a client beyond the limit is refused with a reason, or waits if one is served at a time", run: overLimit,
		applies: func(o Options) bool { return o.OneAtATime || o.MaxConns > 0 }},
	{ID: "turn-limit", Fault: 21, Title: "a client that never pauses gives way, after a reply, to one that waits", run: turnLimit,
		applies: func(o Options) bool { return o.OneAtATime && o.TurnLimit > 0 }},
}

// claims lets many clients announce the largest allowed frame. A server that
// allocates memory for the announced bytes, not for the received ones, needs a
// whole frame's memory for each client.
func claims(t *trial) {
	key := t.key("k")
	large := probe.Put(key, t.text(t.MaxFrame, 0))
	claim := func() *probe.Conn {
		c := t.dial()
		c.Send(probe.Get(t.key("absent")), large[:10])
		c.Want(probe.Absent(t.key("absent"))) // the server has also read the claim
		return c
	}
	if t.OneAtATime {
		for range 20 {
			claim()
			t.leave()
		}
		t.alive()
		return
	}
	last := claim()
	for range t.Clients - 2 {
		claim()
	}
	t.other(last)
	wait := last.Start(large[10:])
	last.Want(probe.Stored)
	wait()
}

// storm connects all clients before the first one sends a request.
func storm(t *trial) {
	var connected sync.WaitGroup
	connected.Add(t.Clients)
	t.clients(t.Clients, func(t *trial, i int) {
		c := func() *probe.Conn {
			defer connected.Done() // also after a failure, because the others wait for it
			return t.dial()
		}()
		connected.Wait()
		t.exchange(c, fmt.Sprint(i))
		t.leave()
	})
}

func overLimit(t *trial) {
	if t.OneAtATime {
		first := t.dial()
		t.exchange(first, "first")
		next := t.dial()
		next.Send(probe.Put(t.key("next"), "v"))
		t.exchange(first, "first")
		first.Close()
		next.Want(probe.Stored)
		return
	}
	var served []*probe.Conn
	for i := range t.MaxConns {
		c := t.dial()
		t.exchange(c, fmt.Sprint(i))
		served = append(served, c)
	}
	for range 3 {
		c := t.dial()
		c.WantError(0)
		c.WantEnd()
		c.Close()
	}
	for i, c := range served {
		t.exchange(c, fmt.Sprint(i))
	}
	// When the server has noticed that the clients have left, there is room
	// again.
	t.leave()
	for {
		failure := probe.Try(func(inner probe.T) {
			t.exchange(probe.Dial(t.ctx, inner, t.addr), "afterwards")
		})
		if failure == "" {
			return
		}
		if t.ctx.Err() != nil {
			t.Fatalf("after all clients had left: %s", failure)
		}
		time.Sleep(time.Millisecond)
	}
}

func turnLimit(t *trial) {
	key := t.key("k")
	first := t.dial()
	first.Send(probe.Put(key, "v"))
	first.Want(probe.Stored) // the server now serves this client
	next := t.dial()
	next.Send(probe.Get(key))
	for {
		first.Send(probe.Get(key))
		if first.Ended() {
			break
		}
		first.Want(probe.Found(key, "v"))
	}
	first.Close()
	next.Want(probe.Found(key, "v"))
}
