//go:build unix

package nonblocking

import (
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"golang.org/x/sys/unix"

	"github.com/ioflavors/ioflavors/common/kvserver"
	"github.com/ioflavors/ioflavors/common/sock"
)

// arrivals is an acceptor, and what it has opened: descriptors that are served, and
// those that are refused, negated.
type arrivals struct {
	*Acceptor
	opened []int
}

func newArrivals(conns int) *arrivals {
	h := kvserver.NewHost(kvserver.Config{
		Limits: kvserver.Limits{MaxConns: conns},
		Logger: slog.New(slog.DiscardHandler),
	}, kvserver.Traits{}, 1)
	return &arrivals{Acceptor: &Acceptor{FD: 3, host: h, calls: sock.System}}
}

func (a *arrivals) open(fd int, refusal string) {
	if refusal != "" {
		fd = -fd
	}
	a.opened = append(a.opened, fd)
}

// leave has a client leave that is served.
func (a *arrivals) leave() {
	l := NewLoop(a.host.Lane(0), sock.System, 1)
	c := new(Conn)
	l.Open(c, noSocket, "")
	l.Close(c)
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
	assert.Equal(t, []int{10, 11}, a.opened, "nobody has looked")
	a.leave()
	a.Judge(before-2, a.open)
	assert.Equal(t, []int{10, 11, 12}, a.opened, "there is a place again")
	a.Judge(before, a.open)
	assert.Equal(t, []int{10, 11, 12, -13}, a.opened, "the look began before the last one came")
	a.leave()
	a.Admit(15, a.open)
	assert.Equal(t, []int{10, 11, 12, -13}, a.opened, "nobody is passed over")
	a.Judge(before, a.open)
	assert.Equal(t, []int{10, 11, 12, -13, 14}, a.opened)

	a.host.Fail()
	a.Judge(before, a.open)
	assert.Equal(t, []int{10, 11, 12, -13, 14, -15}, a.opened, "the server is closed")
	assert.False(t, a.Holding())
}

func TestAnAcceptorEndsWithItsListener(t *testing.T) {
	broken := fmt.Errorf("accept: %w", unix.EBADF)
	a := newArrivals(2)
	a.Failed(fmt.Errorf("accept: %w", unix.EMFILE), 0)
	assert.Equal(t, kvserver.Serving, a.host.Phase(), "time may heal that")
	a.Failed(broken, 0)
	assert.Equal(t, kvserver.Closing, a.host.Phase(), "clients are not left with a server that has ended")
	assert.Equal(t, broken, a.Ended())

	a = newArrivals(2)
	a.host.Fail() // it ends already
	a.Failed(broken, 0)
	assert.Equal(t, kvserver.ErrServerClosed, a.Ended())
}
