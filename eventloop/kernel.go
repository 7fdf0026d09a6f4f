package eventloop

import (
	"time"

	"github.com/ioflavors/ioflavors/common/sock"
	"github.com/ioflavors/ioflavors/eventloop/poller"
)

// kernel is what a server asks of the operating system.
type kernel struct {
	calls      sock.Calls
	newWatcher func() (watcher, error)
}

// watcher is what a loop needs of a poller.Poller.
type watcher interface {
	Add(fd int, m poller.Mask) error
	Modify(fd int, m poller.Mask) error
	Wait(timeout time.Duration) ([]poller.Event, error)
	Wake()
	Close() error
}

// system is the operating system that the program runs on.
var system = kernel{sock.System, func() (watcher, error) { return poller.New(batch) }}
