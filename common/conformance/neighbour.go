package conformance

import (
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
)

// neighbourRules: no client affects the others. On a server with one client
// at a time this applies after the client has left.
var neighbourRules = []Rule{
	{ID: "stopped-in-frame", Fault: 14, Title: "a client that stops inside a frame delays no other", run: stoppedInFrame},
	{ID: "stopped-reading", Fault: 17, Title: "a client that stops reading delays no other", run: stoppedReading},
	{ID: "never-pauses", Fault: 20, Title: "a client that never pauses does not keep others from being served", run: neverPauses},
	{ID: "crowd", Title: "many clients are served at once", run: crowd},
	{ID: "no-crossed-replies", Fault: 26, Title: "clients that come and go get their own replies", run: noCrossedReplies},
	{ID: "no-stale-reads", Fault: 42, Title: "a get after a put returns that value or a later one", run: noStaleReads},
}

// other expects the server to serve another client while first is connected.
// With OneAtATime, first leaves before that.
func (t *trial) other(first *probe.Conn) {
	if t.OneAtATime {
		first.Close()
	}
	if t.talk != nil {
		c := t.enter()
		t.converse(c, t.talk.some(2))
		c.Close()
		return
	}
	key := t.key("other")
	c := t.dial()
	c.Send(probe.Put(key, "v"), probe.Get(key))
	c.Want(probe.Stored)
	c.Want(probe.Found(key, "v"))
	c.Close()
}

func stoppedInFrame(t *trial) {
	key := t.key("k")
	frame := probe.Put(key, "v")
	first := t.dial()
	first.Send(probe.Get(key), frame[:10])
	first.Want(probe.Absent(key)) // the server has also read the part
	t.other(first)
	if !t.OneAtATime {
		first.Send(frame[10:])
		first.Want(probe.Stored)
	}
}

func stoppedReading(t *trial) {
	const asked = 40
	key, value := t.key("k"), t.text(500_000, 0)
	first := t.dial()
	first.Send(probe.Put(key, value))
	first.Want(probe.Stored)
	for range asked {
		first.Send(probe.Get(key))
	}
	t.other(first)
}

// neverPauses keeps a pipeline filled until the other client has its replies.
// This rule does not judge how long that takes, only that it happens.
func neverPauses(t *trial) {
	var batch [][]byte
	for i := range 200 {
		batch = append(batch, probe.Put(t.key(fmt.Sprint("hog ", i)), "v"))
	}
	t.beside(t.dial(), func(hog *probe.Conn, stopped func() bool, served func()) {
		wait := hog.Start(batch...)
		for !stopped() {
			wait()
			wait = hog.Start(batch...) // the next batch is there before this one is answered
			for range batch {
				hog.Want(probe.Stored)
			}
			served()
		}
	})
}

// beside runs the hog in the background. From when it was served first, others must be
// served, too.
func (t *trial) beside(hog *probe.Conn, run func(hog *probe.Conn, stopped func() bool, served func())) {
	stop, ended, first := make(chan struct{}), make(chan struct{}), make(chan struct{})
	var failure string // of the hog; valid after it has ended
	go func() {
		defer close(ended)
		failure = probe.Try(func(inner probe.T) {
			run(hog.For(inner), func() bool {
				select {
				case <-stop:
					return true
				default:
					return false
				}
			}, sync.OnceFunc(func() { close(first) }))
		})
	}()
	defer func() { close(stop); <-ended }()
	select {
	case <-first:
	case <-ended:
		// The server may end the hog's connection later, but must serve it first.
		select {
		case <-first:
		default:
			t.Fatalf("%s", failure)
		}
	}
	for range 5 {
		t.other(hog)
	}
}

// crowd has the requests of many clients in flight before it reads the first
// reply.
func crowd(t *trial) {
	if t.OneAtATime {
		t.clients(t.Clients, func(t *trial, i int) {
			t.exchange(t.dial(), fmt.Sprint(i))
			t.leave()
		})
		return
	}
	var conns []*probe.Conn
	for range t.Clients {
		conns = append(conns, t.dial())
	}
	for round := range 3 {
		for i, c := range conns {
			c.Send(probe.Put(t.key(fmt.Sprint(i)), fmt.Sprint(round)), probe.Get(t.key(fmt.Sprint(i))))
		}
		for i, c := range conns {
			c.Want(probe.Stored)
			c.Want(probe.Found(t.key(fmt.Sprint(i)), fmt.Sprint(round)))
		}
	}
}

func noCrossedReplies(t *trial) {
	t.clients(min(t.Clients, 16), func(t *trial, i int) {
		for n := range 20 {
			c := t.dial()
			t.exchange(c, fmt.Sprint(i, " ", n))
			if n%3 == 0 { // leave a reply unread, for the next connection with this descriptor
				c.Send(probe.Get(t.key(fmt.Sprint(i, " ", n))))
			}
			t.leave()
		}
	})
}

// noStaleReads lets one client count while others read the counter. With one
// client at a time they take turns.
func noStaleReads(t *trial) {
	const puts = 300
	readers := max(1, min(3, t.Clients-1)) // a pool may serve no more
	count := counter{key: t.key("counter")}
	count.increase(t.dial())
	t.leave()
	if t.OneAtATime {
		for range 20 {
			count.increase(t.dial())
			t.leave()
			count.read(t, t.dial())
			t.leave()
		}
		return
	}
	var over atomic.Bool
	t.clients(1+readers, func(t *trial, i int) {
		c := t.dial()
		if i == 0 {
			defer over.Store(true)
			for range puts {
				count.increase(c)
			}
			return
		}
		for !over.Load() {
			count.read(t, c)
		}
	})
}

// counter is a value that only grows.
type counter struct {
	key          string
	sent, stored atomic.Int64 // the last put sent, and the last put answered
}

// increase increments the counter. Only one client may call it at a time.
func (n *counter) increase(c *probe.Conn) {
	value := n.sent.Add(1)
	c.Send(probe.Put(n.key, fmt.Sprint(value)))
	c.Want(probe.Stored)
	n.stored.Store(value)
}

// read expects a value that is not older than the last put answered before
// the get was sent, and not newer than the last put sent.
func (n *counter) read(t *trial, c *probe.Conn) {
	least := n.stored.Load()
	c.Send(probe.Get(n.key))
	m := c.Receive()
	most := n.sent.Load()
	if value, err := strconv.ParseInt(m.Value, 10, 64); err != nil || value < least || value > most {
		t.Fatalf("sent %s; expected a counter from %d to %d; got %v", probe.Hex(probe.Get(n.key)), least, most, m)
	}
}

// exchange puts and gets values under a key that only this client uses. For another
// protocol, c is a new connection.
func (t *trial) exchange(c *probe.Conn, name string) {
	if t.talk != nil {
		t.setUp(c)
		t.converse(c, t.talk.some(3))
		return
	}
	key := t.key(name)
	for n := range 3 {
		value := fmt.Sprintf("%s %d", key, n)
		c.Send(probe.Put(key, value), probe.Get(key))
		c.Want(probe.Stored)
		c.Want(probe.Found(key, value))
	}
}
