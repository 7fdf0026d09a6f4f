//go:build !linux && !darwin && !freebsd && !netbsd && !openbsd && !dragonfly

package poller

import (
	"errors"
	"time"

	"github.com/ioflavors/ioflavors/common/session"
)

// ErrUnsupported is New's error on a system with neither epoll nor kqueue.
var ErrUnsupported = errors.New("no event loop here: this system has neither epoll nor kqueue")

// Poller has no implementation on this system.
type Poller struct{}

func New(int) (*Poller, error)                      { return nil, ErrUnsupported }
func (*Poller) Add(int, session.Interest) error     { return ErrUnsupported }
func (*Poller) Modify(int, session.Interest) error  { return ErrUnsupported }
func (*Poller) Remove(int) error                    { return ErrUnsupported }
func (*Poller) Wait(time.Duration) ([]Event, error) { return nil, ErrUnsupported }
func (*Poller) Wake()                               {}
func (*Poller) Close() error                        { return nil }
