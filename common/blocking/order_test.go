//go:build unix

package blocking

import (
	"context"
	"log/slog"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
	"github.com/ioflavors/ioflavors/common/kvserver"
	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/common/store"
)

// scripted is a stream of which nothing comes. A test decides what happens on other
// goroutines just before a deadline is set, and just after the stream is closed, when
// its descriptor is another client's.
type scripted struct {
	deadline    time.Time
	beforeSet   func() // called once
	afterClose  func()
	closed      bool
	interrupted int // by Interrupt
	late        int // calls after Close
}

func (s *scripted) Read([]byte) (int, error)  { return 0, os.ErrDeadlineExceeded }
func (s *scripted) Write([]byte) (int, error) { return 0, os.ErrDeadlineExceeded }

func (s *scripted) SetDeadline(t time.Time) error {
	if before := s.beforeSet; before != nil {
		s.beforeSet = nil
		before()
	}
	s.deadline = t
	s.touch()
	return nil
}

func (s *scripted) Close() error {
	s.closed = true
	if s.afterClose != nil {
		s.afterClose()
	}
	return nil
}

func (s *scripted) touch() {
	if s.closed {
		s.late++
	}
}

// interruptible is one that deadlines do not interrupt.
type interruptible struct{ scripted }

func (s *interruptible) Interrupt() {
	s.interrupted++
	s.touch()
}

func newTestConns() (*kvserver.Host, *Conns) {
	h := kvserver.NewHost(kvserver.Config{Logger: slog.New(slog.DiscardHandler)}, kvserver.Traits{}, 1)
	return h, NewConns(h)
}

// drain begins a server's shutdown, as a goroutine of its own would.
func drain(t *testing.T, h *kvserver.Host) {
	require.NoError(t, h.Lifecycle(nil).Shutdown(context.Background()))
	require.Equal(t, kvserver.Draining, h.Phase())
}

// A connection leaves the set before its descriptor is closed: who interrupts all
// connections then would interrupt another client's.
func TestNobodyInterruptsTheSuccessorOfADescriptor(t *testing.T) {
	_, conns := newTestConns()
	plain, other := new(scripted), new(interruptible)
	for _, s := range []struct {
		Stream
		*scripted
	}{{plain, plain}, {other, &other.scripted}} {
		c := conns.Open(s.Stream)
		s.afterClose = func() {
			conns.Wake()
			c.Interrupt()
		}
		conns.Close(c)
		c.Interrupt()
		assert.Zero(t, s.late)
		assert.True(t, s.closed)
	}
}

// The shutdown interrupts a connection's call, and the deadline that is set next
// would have it wait all the same.
func TestANewDeadlineDoesNotUndoAnInterruption(t *testing.T) {
	h, conns := newTestConns()
	s := new(scripted)
	c := conns.Open(s)
	s.beforeSet = func() {
		drain(t, h)
		conns.Wake()
		require.Equal(t, past, s.deadline)
	}
	c.Wake(time.Hour)
	assert.Equal(t, past, s.deadline, "its call is interrupted")
	c.CatchUp()
	assert.NotEqual(t, past, s.deadline)
	c.Wake(time.Hour)
	assert.Equal(t, h.At(time.Hour), s.deadline, "there is nothing that it does not know")
	conns.Close(c)
}

// The same, when a connection is chosen to be closed because memory is short.
func TestANewDeadlineDoesNotSaveAConnectionThatIsToldToGo(t *testing.T) {
	cfg := kvserver.Config{Limits: kvserver.Limits{MemoryLimit: 1 << 20, MaxConns: 16}, Logger: slog.New(slog.DiscardHandler)}
	conns := NewConns(kvserver.NewHost(cfg, kvserver.Traits{}, 1))
	hold := func(c *Conn, size int) {
		for rest := probe.Put("k", strings.Repeat("v", 900_000))[:size]; len(rest) > 0; {
			n := copy(c.Buffer(), rest)
			rest = rest[n:]
			c.Fed(n, nil)
		}
	}
	s := new(scripted)
	c := conns.Open(s)
	hold(c, 260_000)
	s.beforeSet = func() {
		for range 4 {
			other := conns.Open(new(scripted))
			defer conns.Close(other)
			hold(other, 120_000)
		}
		require.Equal(t, past, s.deadline, "it is told to go")
	}
	c.Wake(time.Hour)
	assert.Equal(t, past, s.deadline)
	c.CatchUp()
	assert.Zero(t, c.Wants())
	assert.False(t, c.Behind())
	conns.Close(c)
}

// taking is a client that takes nothing of a reply, while other things happen.
type taking struct {
	interruptible
	meanwhile func()
}

func (s *taking) Write([]byte) (int, error) {
	s.meanwhile()
	return 0, os.ErrDeadlineExceeded
}

// A thread that waits in write holds the memory of its reply, and gives it up when
// memory is short.
func TestAReplyCountsWhileACallWritesIt(t *testing.T) {
	values := store.New(0)
	require.NoError(t, values.Put([]byte("k"), make([]byte, 40_000)))
	cfg := kvserver.Config{
		Store: values, Limits: kvserver.Limits{MemoryLimit: 128 << 10, MaxConns: 4}, Logger: slog.New(slog.DiscardHandler),
	}
	conns := NewConns(kvserver.NewHost(cfg, kvserver.Traits{}, 1))
	feed := func(c *Conn, data []byte) {
		for len(data) > 0 {
			n := copy(c.Buffer(), data[:min(len(data), smallRead/2)])
			require.NotZero(t, n, "no memory")
			data = data[n:]
			c.Fed(n, nil)
		}
	}
	s := new(taking)
	reader, other := conns.Open(s), conns.Open(new(scripted))
	feed(reader, probe.Get("k"))
	require.Greater(t, len(reader.Output()), 40_000)
	s.meanwhile = func() {
		feed(other, probe.Put("k", strings.Repeat("v", 40_000))[:30_000])
		assert.Positive(t, s.interrupted)
	}
	reader.Write()
	assert.Zero(t, reader.Wants())
	assert.Equal(t, session.Read, other.Wants())
	conns.Close(reader)
	conns.Close(other)
}

// A connection without a buffer to read into has ended: its goroutine does not wait
// for the client to say more.
func TestWithoutMemoryForABufferNoCallWaits(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	client := probe.Dial(t.Context(), t, ln.Addr().String())
	stream, err := ln.Accept()
	require.NoError(t, err)
	h, conns := newTestConns()
	c := conns.Open(stream)
	for size := 1 << 20; size > 0; {
		if h.Buffers().Get(size) == nil {
			size /= 2
		}
	}
	client.Send(probe.Put("k", "v"))
	c.Read()
	assert.Zero(t, c.Wants())
	assert.Equal(t, session.ErrMemory, c.Err())
	conns.Close(c)
}

// The same, for one that has to be interrupted otherwise.
func TestAnInterruptionIsRepeatedAfterANewDeadline(t *testing.T) {
	h, conns := newTestConns()
	s := new(interruptible)
	c := conns.Open(s)
	c.Wake(time.Hour)
	assert.Zero(t, s.interrupted)
	s.beforeSet = func() { drain(t, h) }
	c.Wake(time.Hour)
	assert.Equal(t, 1, s.interrupted)
	conns.Close(c)
}

// idle is a listener to which no client comes.
type idle struct {
	*failingListener
	scripted
	t      *testing.T
	accept func() (net.Conn, error) // before its time is up
}

func (l *idle) Close() error { return l.scripted.Close() }

func (l *idle) Accept() (net.Conn, error) {
	if l.deadline.IsZero() {
		if l.accept == nil {
			l.t.Fatal("it would wait for ever")
		}
		return l.accept()
	}
	return nil, os.ErrDeadlineExceeded
}

// The same, for the listener.
func TestAcceptIsInterruptedWheneverTheShutdownComes(t *testing.T) {
	for name, before := range map[string]bool{"before its deadline is set": true, "while it waits": false} {
		t.Run(name, func(t *testing.T) {
			h, conns := newTestConns()
			l := NewListener(conns)
			ln := &idle{t: t}
			stop := func() {
				drain(t, h)
				l.Wake()
			}
			if before {
				ln.beforeSet = stop
			} else {
				ln.accept = func() (net.Conn, error) {
					ln.accept = nil
					stop()
					return nil, os.ErrDeadlineExceeded
				}
			}
			l.Bind(ln)
			_, err := l.Accept()
			assert.Equal(t, kvserver.ErrServerClosed, err)
		})
	}
}

// A connection reads into little until a client has more to say, and gives all of it
// back, however long that goes on.
func TestAConnectionGivesBackWhatItWasLent(t *testing.T) {
	h, conns := newTestConns()
	// A put of 100,000 bytes, and how much of it comes with each read.
	rest := probe.Put("k", strings.Repeat("v", 100_000))
	c := conns.Open(new(scripted))
	for _, step := range []struct{ come, room int }{
		{smallRead - 1, smallRead}, // it might have filled the buffer
		{smallRead, smallRead},
		{smallRead, largeRead}, // it did
		{smallRead - 1, largeRead},
		{0, smallRead},
	} {
		buf := c.Buffer()
		require.Len(t, buf, step.room)
		c.Fed(copy(buf, rest[:step.come]), nil)
		rest = rest[step.come:]
	}
	in, out := c.Held()
	require.Positive(t, in)
	assert.EqualValues(t, in+out+smallRead, h.Buffers().Lent(), "what waits for the rest, and what is read to next")
	conns.Close(c)
	assert.Zero(t, h.Buffers().Lent())
}

// trying is a stream that notes whether a call is tried once more.
type trying struct {
	scripted
	tried int
}

func (s *trying) TryRead([]byte) (int, error)  { s.tried++; return 0, os.ErrDeadlineExceeded }
func (s *trying) TryWrite([]byte) (int, error) { s.tried++; return 0, os.ErrDeadlineExceeded }

// A call may end with its deadline after part of the bytes: these are not read or sent
// once more.
func TestACallThatEndsHalfDoneIsNotRepeated(t *testing.T) {
	_, conns := newTestConns()
	s := new(trying)
	c := conns.Open(s)
	defer conns.Close(c)
	put := probe.Put("k", "v")
	c.Fed(copy(c.Buffer(), put), os.ErrDeadlineExceeded)
	reply := string(c.Output())
	require.NotEmpty(t, reply)
	c.Wrote(3, os.ErrDeadlineExceeded)
	assert.Equal(t, reply[3:], string(c.Output()))
	assert.Zero(t, s.tried)
	c.Wrote(0, os.ErrDeadlineExceeded)
	assert.Equal(t, 1, s.tried)
}

// While a client says nothing its connection holds no buffer.
func TestASilentClientHoldsNoMemory(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	client := probe.Dial(t.Context(), t, ln.Addr().String())
	stream, err := ln.Accept()
	require.NoError(t, err)
	h, conns := newTestConns()
	c := conns.Open(stream)
	assert.False(t, c.ready(uintptr(c.parked.fd)), "nothing has come")
	assert.Zero(t, h.Buffers().Lent())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for c.Wants() != 0 {
			c.Read()
		}
		conns.Close(c)
	}()
	for range 3 {
		client.Send(probe.Put("k", "v"))
		client.Want(probe.Stored)
		require.Eventually(t, func() bool { return h.Buffers().Lent() == 0 }, time.Minute, time.Millisecond)
	}
	client.Close()
	<-done
}
