package iouring

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
	"github.com/ioflavors/ioflavors/common/kv"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servertest"
	"github.com/ioflavors/ioflavors/common/store"
	"github.com/ioflavors/ioflavors/iouring/ring"
)

// patience is how long a test waits before it fails.
const patience = time.Minute

// ample is the size of a ring for a few clients. Its buffers hold more than a socket
// does, so that no receive ends for lack of a buffer.
var ample = ring.Config{Entries: 64, Completions: 2048, Buffers: 1024, BufferSize: 8 << 10}

// observed is a server and its ring. It counts the events that a test must know to
// have happened.
type observed struct {
	*Server
	uring
	t    *testing.T
	ctx  context.Context
	addr string

	receives  atomic.Int64 // receives that were started
	cancelled atomic.Int64 // receives that were cancelled
	dry       atomic.Int64 // receives that ended for lack of a buffer
	fellShort atomic.Int64 // sends that fell short
	awaited   atomic.Int64 // waits for space to send more
	most      atomic.Int64 // the most completions of one Wait
	peak      atomic.Int64 // the highest Stats.BufferBytes before a Wait
}

// observe serves on a ring of the given size until the test ends.
func observe(t *testing.T, cfg server.Config, size ring.Config) *observed {
	Need(t)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	o := &observed{t: t, ctx: ctx}
	o.Server = newServer(Config{Config: cfg}, kernel{
		calls: system.calls,
		open: func() (uring, error) {
			r, err := ring.Open(size)
			o.uring = r
			return observedRing{o}, err
		},
	})
	o.addr = servertest.Serve(t, o.Server)
	return o
}

func (o *observed) dial() *probe.Conn { return probe.Dial(o.ctx, o.t, o.addr) }

// eventually waits until a condition holds; what describes it.
func (o *observed) eventually(what string, is func() bool) {
	o.t.Helper()
	require.Eventually(o.t, is, patience, time.Millisecond, what)
}

// settle waits until all clients have left, and checks that they hold no memory.
func (o *observed) settle() {
	o.t.Helper()
	o.eventually("no client is connected", func() bool { return o.Stats().Active == 0 })
	assert.Zero(o.t, o.Stats().BufferBytes, "bytes of buffers that were not given back")
}

// observedRing counts for observed.
type observedRing struct{ *observed }

func (r observedRing) Close() error { return r.uring.Close() }

func (r observedRing) Recv(fd int, t ring.Token) {
	r.receives.Add(1)
	r.uring.Recv(fd, t)
}

func (r observedRing) Cancel(target ring.Token) {
	if target.Operation() == ring.Recv {
		r.cancelled.Add(1)
	}
	r.uring.Cancel(target)
}

func (r observedRing) Writable(fd int, t ring.Token) {
	r.awaited.Add(1)
	r.uring.Writable(fd, t)
}

func (r observedRing) Wait(timeout time.Duration) ([]ring.Completion, error) {
	r.peak.Store(max(r.peak.Load(), r.Stats().BufferBytes))
	done, err := r.uring.Wait(timeout)
	r.most.Store(max(r.most.Load(), int64(len(done))))
	for _, d := range done {
		switch op := d.Token.Operation(); {
		case op == ring.Recv && d.Err() == syscall.ENOBUFS:
			r.dry.Add(1)
		case op == ring.Send:
			r.fellShort.Add(1)
		}
	}
	return done, err
}

// There may be fewer buffers than clients, and smaller ones than requests. Then a
// receive ends for lack of a buffer, and is started again.
func TestFewSmallBuffersServeManyClients(t *testing.T) {
	o := observe(t, server.Config{}, ring.Config{Entries: 64, Completions: 128, Buffers: 2, BufferSize: 64})
	probe.Concurrently(t, 20, func(t probe.T, i int) {
		c := probe.Dial(o.ctx, t, o.addr)
		for n := range 20 {
			key := fmt.Sprintf("key %d of %d", n, i)
			value := strings.Repeat(key, 1+50*n)
			c.Send(probe.Put(key, value), probe.Get(key), probe.Get("absent"))
			c.Want(probe.Stored)
			c.Want(probe.Found(key, value))
			c.Want(probe.Absent("absent"))
		}
	})
	o.settle()
	assert.Positive(t, o.dry.Load(), "receives that ended for lack of a buffer")
}

// A server works even if there are more completions or more operations than their
// queues can hold.
func TestAFullRingServesManyClients(t *testing.T) {
	s := servertest.NewSlowStore()
	size := ring.Config{Entries: 4, Completions: 8, Buffers: 128, BufferSize: 4 << 10}
	o := observe(t, server.Config{Protocol: kv.New(kv.Config{Store: s})}, size)
	clients := make([]*probe.Conn, 50)
	for i := range clients {
		clients[i] = o.dial()
		clients[i].Send(probe.Put("k", "v"))
		clients[i].Want(probe.Stored)
	}
	slow := o.dial()
	slow.Send(probe.Put("slow", "v"))
	<-s.Entered // now the loop is busy, and completions wait
	for i, c := range clients {
		key := fmt.Sprint("key ", i)
		c.Send(probe.Put(key, key), probe.Get(key))
	}
	close(s.Release)
	for i, c := range clients {
		key := fmt.Sprint("key ", i)
		c.Want(probe.Stored)
		c.Want(probe.Found(key, key))
	}
	slow.Want(probe.Stored)
	assert.Greater(t, o.most.Load(), int64(size.Completions), "completions that came at once")

	require.NoError(t, o.Shutdown(o.ctx)) // cancels each client's receive
	for _, c := range clients {
		c.WantEnd()
	}
	slow.WantEnd()
	assert.GreaterOrEqual(t, o.cancelled.Load(), int64(len(clients)))
}

// After a client's receive is cancelled its session keeps the bytes that the kernel
// has received already. Their number is bounded.
func TestAPausedClientsInputIsBounded(t *testing.T) {
	const pairs, length, limit = 4000, 10_000, 64 << 10
	o := observe(t, server.Config{Limits: server.Limits{OutputLimit: limit}}, ample)
	// The input of an iteration, and the output, which the limit bounds, lie in buffers
	// of twice their size, or four times while these grow.
	most := 4 * (limit + length + 3*shots*ample.BufferSize + length)

	value := func(i int) string { return strings.Repeat(fmt.Sprintf("%08d,", i), length/9) }
	var flood []byte // 40 MB of requests, and 40 MB of replies
	for i := range pairs {
		flood = append(append(flood, probe.Put("k", value(i))...), probe.Get("k")...)
	}
	c := o.dial()
	require.NoError(t, c.SetReadBuffer(64<<10))
	written := c.Start(flood)
	o.eventually("the receive is ended", func() bool { return o.cancelled.Load() > 0 })
	for i := range pairs {
		c.Want(probe.Stored)
		c.Want(probe.Found("k", value(i)))
	}
	written()
	c.Close()
	o.settle()
	assert.LessOrEqual(t, o.peak.Load(), int64(most), "bytes of buffers")
	assert.Greater(t, o.Stats().Pauses, int64(1))
	assert.Greater(t, o.receives.Load(), o.cancelled.Load(), "receives that were begun and that were ended")
}

// deaf returns a slow reader, which has asked for 40 large values and takes none. The
// kernel receives from it, and waits for space to send it more. want takes the values.
func (o *observed) deaf() (c *probe.Conn, want func()) {
	o.t.Helper()
	const asked = 40
	value := func(i int) string { return strings.Repeat(fmt.Sprintf("%08d,", i), 600_000/9) }
	c = o.dial()
	require.NoError(o.t, c.SetReadBuffer(64<<10))
	for i := range asked {
		c.Send(probe.Put(fmt.Sprint(i), value(i)))
		c.Want(probe.Stored)
	}
	for i := range asked {
		c.Send(probe.Get(fmt.Sprint(i))) // replies to the first already wait
	}
	o.eventually("room is awaited", func() bool { return o.awaited.Load() > 0 })
	o.eventually("all is answered", func() bool { return o.Stats().Requests == 2*asked })
	return c, func() {
		for i := range asked {
			c.Want(probe.Found(fmt.Sprint(i), value(i)))
		}
	}
}

// explosive panics at a Get of the key "panic".
type explosive struct{ store.Store }

func (s explosive) Append(dst, key []byte) ([]byte, bool, error) {
	if string(key) == "panic" {
		panic("a bug in the store")
	}
	return s.Store.Append(dst, key)
}

// A connection may end in each of these ways while the kernel has two operations on
// it. Its socket is closed as soon as both have ended, and the client notices.
func TestAClientLeavesWhileTheKernelReceivesAndAwaitsRoom(t *testing.T) {
	Need(t)
	for _, way := range []struct {
		name         string
		writeTimeout time.Duration
		end          func(o *observed, c *probe.Conn, want func())
		reason       server.Reason
	}{
		{"taking all", -1, func(_ *observed, c *probe.Conn, want func()) { want(); c.Close() }, server.ClosedByPeer},
		{"with a FIN", -1, func(_ *observed, c *probe.Conn, want func()) {
			c.HalfClose()
			want()
			c.WantEnd()
		}, server.ClosedByPeer},
		{"with a reset", -1, func(_ *observed, c *probe.Conn, _ func()) { c.Reset() }, server.ClosedBroken},
		{"with something that is no frame", -1, func(_ *observed, c *probe.Conn, want func()) {
			c.Send([]byte("GET / HTTP/1.1\r\n\r\n"))
			want()
			c.WantError(0)
			c.WantEnd()
			c.Close()
		}, server.ClosedTooLong},
		{"with a panic", -1, func(_ *observed, c *probe.Conn, _ func()) {
			c.Send(probe.Get("panic"))
			c.WantClosed()
		}, server.ClosedPanic},
		{"too late", 50 * time.Millisecond, func(o *observed, c *probe.Conn, _ func()) {
			o.eventually("it is closed", func() bool { return o.Stats().Active == 0 })
			c.WantClosed()
		}, server.ClosedSlowReader},
		{"at Shutdown", -1, func(o *observed, c *probe.Conn, want func()) {
			down := make(chan error, 1)
			go func() { down <- o.Shutdown(o.ctx) }()
			want()
			c.WantEnd()
			assert.NoError(o.t, <-down)
		}, server.ClosedShutdown},
		{"at Close", -1, func(o *observed, c *probe.Conn, _ func()) {
			assert.NoError(o.t, o.Server.Close())
			c.WantClosed()
		}, server.ClosedKilled},
	} {
		t.Run(way.name, func(t *testing.T) {
			o := observe(t, server.Config{
				Protocol: kv.New(kv.Config{Store: explosive{store.New(0)}}),
				Limits:   server.Limits{OutputLimit: 64 << 20, IdleTimeout: -1, FrameTimeout: -1, WriteTimeout: way.writeTimeout},
			}, ample)
			c, want := o.deaf()
			if way.writeTimeout < 0 { // otherwise the timeout may have cancelled it by now
				assert.Zero(t, o.cancelled.Load(), "its receive was not ended")
			}
			way.end(o, c, want)
			o.settle() // the server and its ring still work
			assert.EqualValues(t, 1, o.Stats().Closed[way.reason.String()], "%+v", o.Stats())
			assert.Positive(t, o.fellShort.Load(), "sends that fell short")
		})
	}
}
