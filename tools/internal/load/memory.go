package load

import "fmt"

// maxMemory is what a workload may take, in bytes, of the generator or of the
// server: each number of it may be fine, and their product be beyond any memory.
const maxMemory = 4 << 30

// memory returns how many bytes the generator and the server hold at most,
// about, in the worst case: floats, because a product of ints may overflow.
func (w Workload) memory() float64 {
	keys, least, most := float64(w.Keys), float64(w.MinValue), float64(w.MaxValue)
	sizes := min(keys, most-least+1)
	known := keys*(keySize+1) + most + sizes*(least+most)               // the data set: a put and a reply for each size
	inFlight := float64(w.Connections) * float64(w.Depth) * (most + 64) // a request, and what is noted of it
	stored := keys * (most + 2*keySize)
	return known + inFlight + stored
}

// fits returns an error if the workload is too large for any machine.
func (w Workload) fits() error {
	if m := w.memory(); !(m <= maxMemory) {
		return fmt.Errorf("load: %d keys, values of up to %d bytes, %d connections and a depth of %d take %.0f GiB together; the most is %d GiB",
			w.Keys, w.MaxValue, w.Connections, w.Depth, m/(1<<30), maxMemory>>30)
	}
	return nil
}
