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
	"github.com/ioflavors/ioflavors/common/kv"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/common/store"
)

// scripted is a stream without bytes to read. A test decides what happens on other
// goroutines just before a deadline is set, and just after the stream is closed, when
// its descriptor may be another client's.
type scripted struct {
	deadline    time.Time
	beforeSet   func() // called once
	afterClose  func()
	closed      bool
	interrupted int // calls of Interrupt
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

// interruptible is a stream that deadlines do not interrupt.
type interruptible struct{ scripted }

func (s *interruptible) Interrupt() {
	s.interrupted++
	s.touch()
}

func newTestConns() (*server.Core, *Conns) {
	core := server.NewCore(server.Config{Logger: slog.New(slog.DiscardHandler)}, server.Traits{}, 1)
	return core, NewConns(core)
}

// serve is the loop of a model that serves one connection.
func serve(c *Conn) {
	for range c.Ready {
		if len(c.Output()) == 0 {
			c.HandleRead(c.Read(c.Buffer()))
		}
		if out := c.Output(); len(out) > 0 {
			c.HandleWrite(c.Write(out))
		}
	}
}

// drain begins a server's shutdown, as another goroutine would.
func drain(t *testing.T, core *server.Core) {
	require.NoError(t, core.Lifecycle(nil).Shutdown(context.Background()))
	require.Equal(t, server.Draining, core.Phase())
}

// A connection leaves the set before its descriptor is closed. Otherwise, interrupting all
// connections could interrupt another client that has got this descriptor.
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

// If the shutdown interrupts a connection just before a new deadline is set, the deadline
// must not make the next call wait.
func TestANewDeadlineDoesNotUndoAnInterruption(t *testing.T) {
	core, conns := newTestConns()
	s := new(scripted)
	c := conns.Open(s)
	s.beforeSet = func() {
		drain(t, core)
		conns.Wake()
		require.Equal(t, past, s.deadline)
	}
	c.SetTimer(time.Hour)
	assert.Equal(t, past, s.deadline, "its call is interrupted")
	c.HandlePhase()
	assert.NotEqual(t, past, s.deadline)
	c.SetTimer(time.Hour)
	assert.Equal(t, core.At(time.Hour), s.deadline, "there is nothing that it does not know")
	conns.Close(c)
}

// The same holds for a connection that must close because memory is short.
func TestANewDeadlineDoesNotSaveAConnectionThatIsToldToGo(t *testing.T) {
	cfg := server.Config{Limits: server.Limits{MemoryLimit: 1 << 20, MaxConns: 16}, Logger: slog.New(slog.DiscardHandler)}
	conns := NewConns(server.NewCore(cfg, server.Traits{}, 1))
	hold := func(c *Conn, size int) {
		for rest := probe.Put("k", strings.Repeat("v", 900_000))[:size]; len(rest) > 0; {
			n := copy(c.Buffer(), rest)
			rest = rest[n:]
			c.HandleRead(n, nil)
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
	c.SetTimer(time.Hour)
	assert.Equal(t, past, s.deadline)
	c.HandlePhase()
	assert.Zero(t, c.Wants())
	assert.False(t, c.Behind())
	conns.Close(c)
}

// taking is a client that takes no bytes of a reply. Its Write calls meanwhile.
type taking struct {
	interruptible
	meanwhile func()
}

func (s *taking) Write([]byte) (int, error) {
	s.meanwhile()
	return 0, os.ErrDeadlineExceeded
}

// A reply counts as held memory while a call waits to write it, and the connection gives
// it up when memory is short.
func TestAReplyCountsWhileACallWritesIt(t *testing.T) {
	values := store.New(0)
	require.NoError(t, values.Put([]byte("k"), make([]byte, 40_000)))
	cfg := server.Config{
		Protocol: kv.New(kv.Config{Store: values}), Limits: server.Limits{MemoryLimit: 128 << 10, MaxConns: 4}, Logger: slog.New(slog.DiscardHandler),
	}
	conns := NewConns(server.NewCore(cfg, server.Traits{}, 1))
	feed := func(c *Conn, data []byte) {
		for len(data) > 0 {
			n := copy(c.Buffer(), data[:min(len(data), smallRead/2)])
			require.NotZero(t, n, "no memory")
			data = data[n:]
			c.HandleRead(n, nil)
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
	reader.HandleWrite(reader.Write(reader.Output()))
	assert.Zero(t, reader.Wants())
	assert.Equal(t, session.Read, other.Wants())
	conns.Close(reader)
	conns.Close(other)
}

// Without memory for a read buffer the connection ends, and its goroutine does not wait for
// the client.
func TestWithoutMemoryForABufferNoCallWaits(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	client := probe.Dial(t.Context(), t, ln.Addr().String())
	stream, err := ln.Accept()
	require.NoError(t, err)
	core, conns := newTestConns()
	c := conns.Open(stream)
	for size := 1 << 20; size > 0; {
		if core.Buffers().Get(size) == nil {
			size /= 2
		}
	}
	client.Send(probe.Put("k", "v"))
	serve(c)
	assert.Zero(t, c.Wants())
	assert.Equal(t, session.ErrMemory, c.Err())
	conns.Close(c)
}

// The same holds for a stream with an Interrupt method of its own.
func TestAnInterruptionIsRepeatedAfterANewDeadline(t *testing.T) {
	core, conns := newTestConns()
	s := new(interruptible)
	c := conns.Open(s)
	c.SetTimer(time.Hour)
	assert.Zero(t, s.interrupted)
	s.beforeSet = func() { drain(t, core) }
	c.SetTimer(time.Hour)
	assert.Equal(t, 1, s.interrupted)
	conns.Close(c)
}

// idle is a listener to which no client comes.
type idle struct {
	*failingListener
	scripted
	t      *testing.T
	accept func() (net.Conn, error) // called while there is no deadline
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

// The shutdown interrupts Accept, before its deadline is set and while it waits.
func TestAcceptIsInterruptedWheneverTheShutdownComes(t *testing.T) {
	for name, before := range map[string]bool{"before its deadline is set": true, "while it waits": false} {
		t.Run(name, func(t *testing.T) {
			core, conns := newTestConns()
			a := NewAcceptor(conns)
			ln := &idle{t: t}
			stop := func() {
				drain(t, core)
				a.Wake()
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
			a.Bind(ln)
			_, err := a.Accept()
			assert.Equal(t, server.ErrServerClosed, err)
		})
	}
}

// A connection reads into a small buffer until its client fills it, then into a large
// one, and gives back all that it was lent.
func TestAConnectionGivesBackWhatItWasLent(t *testing.T) {
	core, conns := newTestConns()
	// The put of 100,000 bytes comes in steps, one for each read.
	rest := probe.Put("k", strings.Repeat("v", 100_000))
	c := conns.Open(new(scripted))
	for _, step := range []struct{ come, room int }{
		{smallRead - 1, smallRead}, // almost fills the buffer
		{smallRead, smallRead},
		{smallRead, largeRead}, // the last read filled the small one
		{smallRead - 1, largeRead},
		{0, smallRead},
	} {
		buf := c.Buffer()
		require.Len(t, buf, step.room)
		c.HandleRead(copy(buf, rest[:step.come]), nil)
		rest = rest[step.come:]
	}
	in, out := c.Held()
	require.Positive(t, in)
	assert.EqualValues(t, in+out+smallRead, core.Buffers().Lent(), "the unfinished frame, and the buffer of the next read")
	conns.Close(c)
	assert.Zero(t, core.Buffers().Lent())
}

// trying is a stream that counts the calls that are tried once more.
type trying struct {
	scripted
	tried int
}

func (s *trying) TryRead([]byte) (int, error)  { s.tried++; return 0, os.ErrDeadlineExceeded }
func (s *trying) TryWrite([]byte) (int, error) { s.tried++; return 0, os.ErrDeadlineExceeded }

// A call may end with its deadline after a part of the bytes. It is not repeated, because
// it would read or send them again.
func TestACallThatEndsHalfDoneIsNotRepeated(t *testing.T) {
	_, conns := newTestConns()
	s := new(trying)
	c := conns.Open(s)
	defer conns.Close(c)
	put := probe.Put("k", "v")
	c.HandleRead(copy(c.Buffer(), put), os.ErrDeadlineExceeded)
	reply := string(c.Output())
	require.NotEmpty(t, reply)
	c.HandleWrite(3, os.ErrDeadlineExceeded)
	assert.Equal(t, reply[3:], string(c.Output()))
	assert.Zero(t, s.tried)
	c.HandleWrite(0, os.ErrDeadlineExceeded)
	assert.Equal(t, 1, s.tried)
}

// The connection of a silent client holds no buffer.
func TestASilentClientHoldsNoMemory(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	client := probe.Dial(t.Context(), t, ln.Addr().String())
	stream, err := ln.Accept()
	require.NoError(t, err)
	core, conns := newTestConns()
	c := conns.Open(stream)
	c.HandleRead(c.Read(c.Buffer())) // nothing has come
	assert.Zero(t, core.Buffers().Lent())
	done := make(chan struct{})
	go func() {
		defer close(done)
		serve(c)
		conns.Close(c)
	}()
	for range 3 {
		client.Send(probe.Put("k", "v"))
		client.Want(probe.Stored)
		require.Eventually(t, func() bool { return core.Buffers().Lent() == 0 }, time.Minute, time.Millisecond)
	}
	client.Close()
	<-done
}
