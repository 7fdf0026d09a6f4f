package eventloop

import (
	"fmt"
	"runtime"
)

// takeThreads takes a thread from the budget for each loop beyond the number of
// processors, because a loop keeps a thread while it waits, and the runtime ends a
// program that cannot start one. The runtime has a thread for each processor anyway.
func (m *model) takeThreads() (giveBack func(), err error) {
	taken := 0
	giveBack = func() {
		for range taken {
			m.kernel.threads.Ended()
		}
	}
	for running := runtime.GOMAXPROCS(0); running < m.count; running++ {
		if lack := m.kernel.threads.Take(); lack != "" {
			giveBack()
			return nil, fmt.Errorf("loops: %d; want %d at most: %s", m.count, running, lack)
		}
		m.kernel.threads.Started() // the thread exists once all loops wait
		taken++
	}
	return giveBack, nil
}
