//go:build unix

package nonblocking

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/sock"
)

// arrivals is an acceptor and the descriptors that it has opened. The descriptors of
// refused clients are negated.
type arrivals struct {
	*Acceptor
	opened []int
}

func newArrivals(conns int) *arrivals {
	core := server.NewCore(server.Config{
		Limits: server.Limits{MaxConns: conns},
		Logger: slog.New(slog.DiscardHandler),
	}, server.Traits{}, 1)
	return &arrivals{Acceptor: &Acceptor{FD: 3, core: core, calls: sock.System}}
}

func (a *arrivals) open(fd int, refusal string) {
	if refusal != "" {
		fd = -fd
	}
	a.opened = append(a.opened, fd)
}

// leave frees the place of a served client.
func (a *arrivals) leave() {
	cs := NewConns(a.core.Lane(0), sock.System, 1)
	c := new(Conn)
	cs.Open(c, noSocket, "")
	cs.Close(c)
}

func TestWhoFindsNoPlaceIsHeldUntilAllHaveBeenLookedAt(t *testing.T) {
	a := newArrivals(2)
	for fd := 10; fd < 14; fd++ {
		a.Admit(fd, a.open)
	}
	assert.Equal(t, []int{10, 11}, a.opened)
	before := a.Held()
	a.Admit(14, a.open)

	a.Judge(before-2, a.open)
	assert.Equal(t, []int{10, 11}, a.opened, "no loop has looked")
	a.leave()
	a.Judge(before-2, a.open)
	assert.Equal(t, []int{10, 11, 12}, a.opened, "there is a place again")
	a.Judge(before, a.open)
	assert.Equal(t, []int{10, 11, 12, -13}, a.opened, "the look began before the last one came")
	a.leave()
	a.Admit(15, a.open)
	assert.Equal(t, []int{10, 11, 12, -13}, a.opened, "no client is passed over")
	a.Judge(before, a.open)
	assert.Equal(t, []int{10, 11, 12, -13, 14}, a.opened)

	a.core.Fail()
	a.Judge(before, a.open)
	assert.Equal(t, []int{10, 11, 12, -13, 14, -15}, a.opened, "the server is closed")
	assert.False(t, a.Holding())
}

func TestAnAcceptorEndsWithItsListener(t *testing.T) {
	for _, end := range []func(*arrivals){
		func(a *arrivals) { a.core.Fail() },
		func(a *arrivals) { a.ended = server.ErrServerClosed }, // as after a failure while Draining
	} {
		k := &accepting{results: []error{nil}}
		a := newArrivals(2)
		a.calls = sock.Calls{Kernel: k}
		end(a)
		_, ok := a.Accept(0)
		assert.False(t, ok)
		assert.Zero(t, k.asked, "no client is accepted any more")
	}

	broken := fmt.Errorf("accept: %w", unix.EBADF)
	a := newArrivals(2)
	a.Failed(fmt.Errorf("accept: %w", unix.EMFILE), 0)
	assert.Equal(t, server.Serving, a.core.Phase(), "time may heal that")
	a.Failed(broken, 0)
	assert.Equal(t, server.Closing, a.core.Phase(), "clients are not left with a server that has ended")
	assert.Equal(t, broken, a.Ended())

	a = newArrivals(2)
	a.core.Fail() // the server ends already
	a.Failed(broken, 0)
	assert.Equal(t, server.ErrServerClosed, a.Ended())
}

// accepting is a kernel on which each accept returns the next of results: an error, or
// nil for a client.
type accepting struct {
	sock.Kernel
	results []error
	asked   int
}

func (k *accepting) Accept(int) (int, error) {
	err := k.results[k.asked]
	k.asked++
	return 7, err
}

// Each failure doubles the pause, and an accepted client ends the series.
func TestPausesBeginAnewAfterAClient(t *testing.T) {
	k := &accepting{results: []error{unix.EMFILE, unix.EMFILE, nil, unix.EMFILE, unix.ENFILE}}
	a := newArrivals(2)
	a.calls = sock.Calls{Kernel: k}
	now := time.Hour
	var pauses []time.Duration
	for asked := 1; asked <= len(k.results); asked++ {
		_, ok := a.Accept(now)
		require.Equal(t, asked, k.asked, "the pause is over")
		until, paused := a.Paused(now)
		assert.NotEqual(t, ok, paused)
		if !paused {
			continue
		}
		pauses = append(pauses, until-now)
		_, ok = a.Accept(until - 1)
		assert.False(t, ok)
		_, paused = a.Paused(until - 1)
		assert.True(t, paused)
		now = until
	}
	const ms = time.Millisecond
	assert.Equal(t, []time.Duration{5 * ms, 10 * ms, 5 * ms, 10 * ms}, pauses, "a client ends the series")
	assert.EqualValues(t, 4, a.core.Lifecycle(nil).Stats().AcceptErrors)
}

// A closed connection may have freed the descriptor that accept lacked.
func TestAClosedConnectionEndsAPause(t *testing.T) {
	k := &accepting{results: []error{unix.EMFILE, nil}}
	a := newArrivals(2)
	a.calls = sock.Calls{Kernel: k}
	assert.False(t, a.Freed(), "there is no pause")
	_, ok := a.Accept(time.Hour)
	require.False(t, ok)
	assert.True(t, a.Freed())
	assert.False(t, a.Freed(), "it has ended")
	_, ok = a.Accept(time.Hour)
	assert.True(t, ok)
}
