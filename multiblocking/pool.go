package multiblocking

import (
	"errors"
	"net"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/ioflavors/ioflavors/common/blocking"
	"github.com/ioflavors/ioflavors/common/threads"
)

// pool is a bounded number of goroutines that serve clients.
type pool struct {
	clients chan net.Conn
	waiting atomic.Bool
}

func (m *model) startPool(serving *sync.WaitGroup) *pool {
	p := &pool{clients: make(chan net.Conn)}
	for i := range lanes {
		m.host.Lane(i).Others = p.waiting.Load
	}
	for range m.workers {
		serving.Go(func() {
			own := false // its thread
			for client := range p.clients {
				stream := blocking.Stream(client)
				if m.threads {
					if own = own || m.takeThread(); own {
						stream = m.onThread(client)
					}
				}
				m.serve(m.conns.Open(stream))
			}
		})
	}
	return p
}

// takeThread gives the calling goroutine its thread, for good, if there is one.
func (m *model) takeThread() bool {
	if lack := threads.Process.Take(); lack != "" {
		m.host.ServedOtherwise("without a thread of its own", errors.New(lack))
		return false
	}
	runtime.LockOSThread()
	threads.Process.Started()
	return true
}

// serve waits until a worker is free. Behind this one client others wait in
// the listen queue.
func (p *pool) serve(client net.Conn) {
	p.waiting.Store(true)
	p.clients <- client
	p.waiting.Store(false)
}

func (p *pool) close() { close(p.clients) }
