package eventloop

import (
	"fmt"
	"runtime"
)

// takeThreads takes a thread for each loop beyond one for each processor, which the
// runtime has anyway, because a loop keeps a thread while it waits, and the runtime
// ends a program that cannot start one.
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
		m.kernel.threads.Started() // it is there at the latest when all loops wait
		taken++
	}
	return giveBack, nil
}
