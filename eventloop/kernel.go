package eventloop

import (
	"time"

	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/common/sock"
	"github.com/ioflavors/ioflavors/common/threads"
	"github.com/ioflavors/ioflavors/eventloop/poller"
)

// kernel is the operating system, or a test's stand-in for it.
type kernel struct {
	calls      sock.Calls
	newWatcher func(batch int) (watcher, error)
	batch      int // a watcher's capacity, in events
	threads    budget
}

// budget is the part of a threads.Budget that the model uses.
type budget interface {
	Take() (lack string)
	Started()
	Ended()
}

// watcher is the part of a poller.Poller that a loop uses. Wait must ask the
// kernel. If it returns less than a batch, no other descriptor is ready; after a
// full batch the next Wait begins with the others.
type watcher interface {
	Add(fd int, want session.Interest) error
	Modify(fd int, want session.Interest) error
	Wait(timeout time.Duration) ([]poller.Event, error)
	Wake()
	Close() error
}

// system is the operating system that the program runs on.
var system = kernel{
	calls:      sock.System,
	newWatcher: func(batch int) (watcher, error) { return poller.New(batch) },
	batch:      256,
	threads:    threads.Process,
}
