//go:build unix

package blocking

import (
	"errors"
	"log/slog"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ioflavors/ioflavors/common/server"
)

// failingListener accepts with each of its errors in turn (nil: a client), and then
// without errors.
type failingListener struct{ errs []error }

func (l *failingListener) Accept() (net.Conn, error) {
	var err error
	if len(l.errs) > 0 {
		err, l.errs = l.errs[0], l.errs[1:]
	}
	if err == nil {
		c, _ := net.Pipe()
		return c, nil
	}
	return nil, &net.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept4", err)}
}

func (l *failingListener) Close() error   { return nil }
func (l *failingListener) Addr() net.Addr { return &net.TCPAddr{} }

func newTestAcceptor(ln net.Listener) (*server.Core, *Acceptor) {
	quiet := slog.New(slog.DiscardHandler)
	core := server.NewCore(server.Config{Logger: quiet}, server.Traits{}, 1)
	a := NewAcceptor(NewConns(core))
	a.Bind(ln)
	return core, a
}

// A listener without deadlines is not asked for a waiting client, because the call could
// block.
func TestAListenerWithoutDeadlinesIsNotAsked(t *testing.T) {
	_, a := newTestAcceptor(&failingListener{})
	assert.False(t, a.Waiting())
	assert.Nil(t, a.next)
}

func TestAcceptOutlivesWhatPasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		errs := []error{unix.EMFILE, unix.ENFILE, unix.ENOBUFS, unix.ENOMEM, unix.ECONNABORTED, unix.EPROTO, unix.ENETDOWN, unix.EHOSTUNREACH}
		core, a := newTestAcceptor(&failingListener{errs})
		start := time.Now()
		c, err := a.Accept()
		if assert.NoError(t, err) {
			_ = c.Close()
		}
		// The pauses are 5 ms, doubled each time, up to a second.
		assert.Equal(t, 635*time.Millisecond+640*time.Millisecond, time.Since(start))
		assert.EqualValues(t, len(errs), core.Lifecycle(nil).Stats().AcceptErrors)
		assert.Equal(t, server.Serving, core.Phase())
	})
}

// After a client the first pause is as short as the very first.
func TestPausesBeginAnewAfterAClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, a := newTestAcceptor(&failingListener{[]error{unix.EMFILE, unix.EMFILE, nil, unix.EMFILE, unix.EMFILE}})
		for range 2 {
			start := time.Now()
			c, err := a.Accept()
			if assert.NoError(t, err) {
				_ = c.Close()
			}
			assert.Equal(t, 5*time.Millisecond+10*time.Millisecond, time.Since(start))
		}
	})
}

// A pause ends when a connection is closed, because that may free the resource that
// accept lacked, and when the server ends.
func TestAPauseEndsEarly(t *testing.T) {
	for name, end := range map[string]func(*Acceptor, *Conn){
		"a connection is closed": func(a *Acceptor, c *Conn) { a.conns.Close(c) },
		"the server ends":        func(a *Acceptor, _ *Conn) { a.Wake() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, a := newTestAcceptor(&failingListener{[]error{unix.EMFILE, unix.EMFILE, unix.EMFILE, unix.EMFILE}})
				start := time.Now()
				end := func(n time.Duration) { // after pauses of 5, 10 and 20 ms, during one of 40 ms
					time.Sleep(n * time.Millisecond)
					end(a, a.conns.Open(new(scripted)))
				}
				go end(36)
				c, err := a.Accept()
				if assert.NoError(t, err) {
					_ = c.Close()
				}
				assert.Equal(t, 36*time.Millisecond, time.Since(start))
			})
		})
	}
}

func TestAcceptEndsWithItsListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, a := newTestAcceptor(&failingListener{[]error{unix.EBADF}})
		_, err := a.Accept()
		assert.True(t, errors.Is(err, unix.EBADF), "%v", err)
		assert.Equal(t, server.Closing, core.Phase(), "clients are not left with a server that has ended")
	})
}

// starvedListener has no processor, in some of its calls of Accept, until the deadline has
// passed.
type starvedListener struct {
	*net.TCPListener
	deadline time.Time
	starved  int // calls
}

func (l *starvedListener) SetDeadline(at time.Time) error {
	l.deadline = at
	return l.TCPListener.SetDeadline(at)
}

func (l *starvedListener) Accept() (net.Conn, error) {
	if l.starved > 0 && !l.deadline.IsZero() {
		l.starved--
		<-time.After(time.Until(l.deadline) + time.Nanosecond)
	}
	return l.TCPListener.Accept()
}

// The clients in the listen queue are served although the shutdown's deadline passes
// before the server has looked. (Once a busy machine lost three of ten.)
func TestADrainingServerAcceptsAllAlsoIfItIsLate(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	core, a := newTestAcceptor(&starvedListener{TCPListener: ln.(*net.TCPListener), starved: 3})
	for range 2 {
		c, err := net.Dial("tcp", ln.Addr().String())
		require.NoError(t, err)
		defer c.Close()
	}
	drain(t, core)
	a.Wake()
	for range 2 {
		c, err := a.Accept()
		require.NoError(t, err)
		c.Close()
	}
	_, err = a.Accept()
	assert.Equal(t, server.ErrServerClosed, err)
}
