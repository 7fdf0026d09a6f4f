package eventloop

import (
	"time"

	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/common/sock"
	"github.com/ioflavors/ioflavors/common/threads"
	"github.com/ioflavors/ioflavors/eventloop/poller"
)

// kernel is what a server asks of the operating system.
type kernel struct {
	calls      sock.Calls
	newWatcher func(batch int) (watcher, error)
	batch      int // how many events are taken from a watcher at a time
	threads    budget
}

// budget is what a model needs of a threads.Budget.
type budget interface {
	Take() (lack string)
	Started()
	Ended()
}

// watcher is what a loop needs of a poller.Poller. Wait must have looked: if it
// returns less than a batch, nobody else is ready; if not, the others come next.
type watcher interface {
	Add(fd int, m poller.Mask) error
	Modify(fd int, m poller.Mask) error
	Wait(timeout time.Duration) ([]poller.Event, error)
	Wake()
	Close() error
}

// mask translates what a session wants for the poller.
func mask(w session.Interest) (m poller.Mask) {
	if w&session.Read != 0 {
		m |= poller.Readable
	}
	if w&session.Write != 0 {
		m |= poller.Writable
	}
	return m
}

// system is the operating system that the program runs on.
var system = kernel{
	calls:      sock.System,
	newWatcher: func(batch int) (watcher, error) { return poller.New(batch) },
	batch:      256,
	threads:    threads.Process,
}
