package eventloop

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ioflavors/ioflavors/common/server"
)

// fewThreads is a budget with a fixed number of threads. It counts those taken.
type fewThreads struct{ left, promised, taken int }

func (f *fewThreads) Take() string {
	if f.left == 0 {
		return "no thread is left (a limit)"
	}
	f.left--
	f.promised++
	return ""
}

func (f *fewThreads) Started() { f.promised--; f.taken++ }
func (f *fewThreads) Ended()   { f.taken--; f.left++ }

// A server with more loops than threads fails before it is ready. Once it said that
// it listens, served no client, and was ended by Go's runtime.
func TestNoLoopStartsForWhichThereIsNoThread(t *testing.T) {
	few := &fewThreads{left: 2}
	k := system
	k.threads = few
	ready := false
	cfg := Config{Config: server.Config{Ready: func() { ready = true }}, Loops: runtime.GOMAXPROCS(0) + 3}
	assert.ErrorContains(t, newServer(cfg, k).ListenAndServe("127.0.0.1:0"), "no thread is left (a limit)")
	assert.False(t, ready)
	assert.Equal(t, fewThreads{left: 2}, *few, "the reserved threads are given back")
}

// Up to one loop for each processor, the runtime has the threads anyway.
func TestALoopForEachProcessorAsksForNoThread(t *testing.T) {
	for _, threads := range []int{0, 1} {
		few := &fewThreads{left: threads}
		k := system
		k.threads = few
		var srv *Server
		cfg := Config{Loops: runtime.GOMAXPROCS(0) + threads}
		cfg.Ready = func() {
			assert.Equal(t, threads, few.taken)
			go srv.Close()
		}
		srv = newServer(cfg, k)
		assert.ErrorIs(t, srv.ListenAndServe("127.0.0.1:0"), server.ErrServerClosed)
		assert.Equal(t, fewThreads{left: threads}, *few)
	}
}
