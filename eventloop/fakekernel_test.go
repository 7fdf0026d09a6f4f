//go:build unix

package eventloop

import (
	"testing"
	"time"

	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servertest/protocols"
	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/common/sock"
	"github.com/ioflavors/ioflavors/common/sock/fakekernel"
	"github.com/ioflavors/ioflavors/common/threads"
	"github.com/ioflavors/ioflavors/eventloop/poller"
)

func TestOnAFakeKernel(t *testing.T) {
	fakekernel.Check(t, 1000, protocols.All(), func(k *fakekernel.Kernel, cfg server.Config) server.Server {
		return newServer(Config{Config: cfg}, kernel{
			calls:      sock.Calls{Kernel: k},
			newWatcher: func(int) (watcher, error) { return fakePoller{k}, nil },
			batch:      k.Batch,
			threads:    threads.Process,
		})
	})
}

// fakePoller is a watcher on a fake kernel.
type fakePoller struct{ kernel *fakekernel.Kernel }

func (p fakePoller) Add(fd int, want session.Interest) error { return p.Modify(fd, want) }
func (p fakePoller) Modify(fd int, want session.Interest) error {
	return p.kernel.Watch(fd, want&session.Read != 0, want&session.Write != 0)
}

func (p fakePoller) Wait(timeout time.Duration) (events []poller.Event, err error) {
	for _, ready := range p.kernel.Wait(timeout) {
		ev := poller.Event{FD: ready.FD}
		if ready.Readable {
			ev.Ready |= session.Read
		}
		if ready.Writable {
			ev.Ready |= session.Write
		}
		events = append(events, ev)
	}
	return events, nil
}

func (p fakePoller) Wake()        { p.kernel.Wake() }
func (p fakePoller) Close() error { return nil }
