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

// pool is a bounded number of goroutines, the workers, that serve clients. A new
// worker starts when a client comes and all others are busy.
type pool struct {
	clients chan net.Conn
	work    func(client net.Conn) // starts a worker with its first client
	left    int                   // workers that may still be started
	waiting atomic.Bool
}

func (m *model) startPool(serving *sync.WaitGroup) *pool {
	p := &pool{clients: make(chan net.Conn), left: m.workers}
	for i := range lanes {
		m.core.Lane(i).Others = p.waiting.Load
	}
	p.work = func(client net.Conn) {
		serving.Go(func() {
			own := false // whether the worker has a thread of its own
			serve := func(client net.Conn) {
				stream := blocking.Stream(client)
				if m.threads {
					if own = own || m.takeThread(); own {
						stream = m.onThread(client)
					}
				}
				m.serve(m.conns.Open(stream))
			}
			serve(client)
			for client := range p.clients {
				serve(client)
			}
		})
	}
	return p
}

// takeThread locks the calling goroutine to its thread for good, and reports
// true. If the system has no thread left, it logs that and reports false.
func (m *model) takeThread() bool {
	if lack := threads.Process.Take(); lack != "" {
		m.core.ServedOtherwise("without a thread of its own", errors.New(lack))
		return false
	}
	runtime.LockOSThread()
	threads.Process.Started()
	return true
}

// hand gives the client to a free worker, or else to a new one. If there can be
// no new one, hand waits, and all later clients wait in the listen queue.
func (p *pool) hand(client net.Conn) {
	select {
	case p.clients <- client:
		return
	default:
	}
	if p.left > 0 {
		p.left--
		p.work(client)
		return
	}
	p.waiting.Store(true)
	p.clients <- client
	p.waiting.Store(false)
}

func (p *pool) close() { close(p.clients) }
