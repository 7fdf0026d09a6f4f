package blocking

import (
	"log/slog"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/session"
)

// left is a stream whose client has left, although its goroutine has not noticed yet.
type left struct {
	scripted
	fd int
}

func (s *left) Descriptor() int { return s.fd }

// If all places are taken, a new client waits for the place of one that has left: until
// that place is free, until the server ends, or for patience.
func TestAClientWaitsForThePlaceOfOneThatHasLeft(t *testing.T) {
	for _, test := range []struct {
		name    string
		stays   bool
		then    func(*Acceptor, *Conn) // after 100 ms
		waits   time.Duration
		refused bool
	}{
		{"it is closed", false, func(a *Acceptor, c *Conn) { a.conns.Close(c) }, 100 * time.Millisecond, false},
		{"the server ends", false, func(a *Acceptor, _ *Conn) { a.conns.core.Fail(); a.Wake() }, 100 * time.Millisecond, true},
		{"it is owed much", false, func(*Acceptor, *Conn) {}, patience, true},
		{"it has not left", true, func(*Acceptor, *Conn) {}, 0, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
			require.NoError(t, err)
			defer unix.Close(fds[0])
			if test.stays {
				defer unix.Close(fds[1])
			} else {
				require.NoError(t, unix.Close(fds[1]))
			}
			synctest.Test(t, func(t *testing.T) {
				cfg := server.Config{Limits: server.Limits{MaxConns: 1}, Logger: slog.New(slog.DiscardHandler)}
				a := NewAcceptor(NewConns(server.NewCore(cfg, server.Traits{}, 1)))
				c := a.conns.Open(&left{fd: fds[0]})
				start := time.Now()
				time.AfterFunc(100*time.Millisecond, func() { test.then(a, c) })
				refusal := a.Admit(&left{fd: -1})
				assert.Equal(t, test.waits, time.Since(start))
				assert.Equal(t, test.refused, refusal != "", refusal)
			})
		})
	}
}

// lonely is a stream whose client stays. Its first look is called when the system is asked
// whether the client has left.
type lonely struct {
	left
	look func()
}

func (s *lonely) Descriptor() int {
	if look := s.look; look != nil {
		s.look = nil
		look()
	}
	return s.fd
}

// The process was stopped, or had no processor, while clients left and a new one came. The
// new one was refused, because the time had run out before any goroutine could notice that
// the others had left.
func TestTimeInWhichTheServerCouldNotLookIsNoPatience(t *testing.T) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	require.NoError(t, err)
	defer unix.Close(fds[0])
	require.NoError(t, unix.Close(fds[1]))
	synctest.Test(t, func(t *testing.T) {
		cfg := server.Config{Limits: server.Limits{MaxConns: 1}, Logger: slog.New(slog.DiscardHandler)}
		a := NewAcceptor(NewConns(server.NewCore(cfg, server.Traits{}, 1)))
		const stopped = 10 * patience
		c := a.conns.Open(&lonely{left: left{fd: fds[0]}, look: func() { time.Sleep(stopped) }})
		start := time.Now()
		time.AfterFunc(stopped+look/2, func() { a.conns.Close(c) })
		assert.Empty(t, a.Admit(&left{fd: -1}))
		assert.Equal(t, stopped+look/2, time.Since(start))
	})
}

// On a machine that is late with everything, connections need longer to close.
func TestPatienceIsLongerOnAMachineThatIsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, a := newTestAcceptor(&failingListener{})
		const tick = 3 * look
		start := time.Now()
		p := patient{clock: time.NewTicker(tick), last: start}
		time.AfterFunc(2*patience, func() { a.conns.freed <- struct{}{} })
		assert.True(t, a.awaitPlace(&p))
		assert.Equal(t, 2*patience, time.Since(start))
		assert.False(t, a.awaitPlace(&p), "it ends at last")
		assert.Equal(t, lateFor*looks*tick, time.Since(start))
	})
}

// noTransport is that of a connection that nothing happens to.
type noTransport struct{}

func (noTransport) SetTimer(time.Duration) {}
func (noTransport) Interrupt()             {}
func (noTransport) CloseWrite() error      { return nil }

// A client once found no place, then the last connection closed, then the system was asked
// how many clients were leaving. The answer was none, and the client was refused although
// all places were free.
func TestAPlaceThatIsFreedDuringTheLookIsSeen(t *testing.T) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	require.NoError(t, err)
	defer unix.Close(fds[0])
	defer unix.Close(fds[1])
	synctest.Test(t, func(t *testing.T) {
		cfg := server.Config{Limits: server.Limits{MaxConns: 2}, Logger: slog.New(slog.DiscardHandler)}
		core := server.NewCore(cfg, server.Traits{}, 1)
		a := NewAcceptor(NewConns(core))
		stays := &lonely{left: left{fd: fds[0]}}
		c := a.conns.Open(stays)
		defer a.conns.Close(c)
		var other server.Conn
		require.Empty(t, core.Admit())
		core.Lane(0).Open(&other, noTransport{}, "")
		stays.look = other.Closed
		assert.Empty(t, a.Admit(&left{fd: -1}))
	})
}

// The place of a connection that is being closed will be free in a moment: the next client
// waits for it.
func TestAClientWaitsForThePlaceOfAConnectionThatIsBeingClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := server.Config{Limits: server.Limits{MaxConns: 1}, Logger: slog.New(slog.DiscardHandler)}
		a := NewAcceptor(NewConns(server.NewCore(cfg, server.Traits{}, 1)))
		s := &left{fd: -1}
		c := a.conns.Open(s)
		refusal := make(chan string, 1)
		s.afterClose = func() {
			go func() { refusal <- a.Admit(&left{fd: -1}) }()
			synctest.Wait()
			assert.Empty(t, refusal, "it waits")
		}
		a.conns.Close(c)
		assert.Empty(t, <-refusal)
	})
}

// known is a stream with a TCP address, whose client has left. It calls asked when its
// address is read.
type known struct {
	left
	port  int
	asked func()
}

func (s *known) LocalAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 7070} }

func (s *known) RemoteAddr() net.Addr {
	if s.asked != nil {
		s.asked()
	}
	return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 2), Port: s.port}
}

// A connection that is being closed must not take the place of the next client of its
// address. Once it counted for its address, but not as leaving, and that client was refused.
func TestWhoIsBeingClosedIsInNobodysWay(t *testing.T) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	require.NoError(t, err)
	defer unix.Close(fds[0])
	require.NoError(t, unix.Close(fds[1]))
	cfg := server.Config{Limits: server.Limits{MaxConnsPerPeer: 1}, Logger: slog.New(slog.DiscardHandler)}
	cs := NewConns(server.NewCore(cfg, server.Traits{}, 1))
	first := &known{left: left{fd: fds[0]}, port: 1}
	c := cs.Open(first)

	next := &known{left: left{fd: -1}, port: 2}
	refusal := "the system was not asked"
	first.asked = func() {
		first.asked = nil
		refusal, _ = cs.admit(next)
	}
	cs.Close(c)
	assert.Empty(t, refusal)
	refusal, full := cs.admit(&known{left: left{fd: -1}, port: 3})
	assert.True(t, full, refusal)
}

// A connection that closes between the count of those that leave and the decision once
// counted twice: as one that leaves, and as a free place. Then an address got one more
// connection than its limit.
func TestAConnectionThatClosesMeanwhileCountsOnce(t *testing.T) {
	hungUp, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	require.NoError(t, err)
	defer unix.Close(hungUp[0])
	require.NoError(t, unix.Close(hungUp[1]))
	stays, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	require.NoError(t, err)
	defer unix.Close(stays[0])
	defer unix.Close(stays[1])
	cfg := server.Config{Limits: server.Limits{MaxConnsPerPeer: 1}, Logger: slog.New(slog.DiscardHandler)}
	cs := NewConns(server.NewCore(cfg, server.Traits{}, 1))
	for range 1000 {
		first := cs.Open(&known{left: left{fd: hungUp[0]}, port: 1})
		second := cs.Open(&known{left: left{fd: stays[0]}, port: 2})
		require.Equal(t, session.Read, second.Wants(), "the first one leaves")
		closed := make(chan struct{})
		looked := false
		second.stream.(*known).asked = func() {
			if !looked {
				looked = true
				go func() {
					defer close(closed)
					cs.Close(first)
				}()
			}
		}
		_, full := cs.admit(&known{left: left{fd: -1}, port: 3})
		require.True(t, full)
		<-closed
		cs.Close(second)
	}
}

// mixed is a user's own stream, whose addresses need not be TCP's.
type mixed struct {
	scripted
	local, remote net.Addr
}

func (s *mixed) LocalAddr() net.Addr  { return s.local }
func (s *mixed) RemoteAddr() net.Addr { return s.remote }

func TestOnlyTCPClientsHaveAPeer(t *testing.T) {
	cfg := server.Config{Limits: server.Limits{MaxConnsPerPeer: 1}, Logger: slog.New(slog.DiscardHandler)}
	conns := NewConns(server.NewCore(cfg, server.Traits{}, 1))
	tcp, other := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}, &net.UnixAddr{Name: "@"}
	for _, s := range []*mixed{{local: other, remote: other}, {local: tcp, remote: other}, {local: other, remote: tcp}} {
		key, addr := conns.peer(s)
		assert.Nil(t, key)
		assert.False(t, addr.IsValid())
	}
	key, addr := conns.peer(&mixed{local: tcp, remote: tcp})
	assert.NotNil(t, key)
	assert.Equal(t, "127.0.0.1", addr.Unmap().String())
}
