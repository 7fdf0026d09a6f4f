package server

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// noting notes the lengths of the requests that it gets. It knows a request by its end.
type noting struct{ prefetched [][]uint64 }

func (f *noting) Hash(in []byte, _ int) (uint64, bool) {
	return uint64(len(in)), bytes.IndexByte(in, '.') == len(in)-1
}
func (f *noting) Prefetch(hashes [PrefetchBatch]uint64, n int) {
	f.prefetched = append(f.prefetched, append([]uint64(nil), hashes[:n]...))
}

func TestALanePrefetchesForSingleRequests(t *testing.T) {
	var f noting
	core := NewCore(Config{}, Traits{}, 1)
	core.prefetcher = &f
	l := core.Lane(0)
	l.Prefetch()
	l.Collect([]byte("alone."))
	l.Prefetch()
	assert.Empty(t, f.prefetched, "one is not looked for before it is asked for")

	l.Collect([]byte("a."))
	l.Collect([]byte("two. at once."))
	l.Collect([]byte("cut off"))
	l.Collect([]byte("bcd."))
	l.Prefetch()
	assert.Equal(t, [][]uint64{{2, 4}}, f.prefetched)

	for range PrefetchBatch + 3 {
		l.Collect([]byte("many."))
	}
	l.Prefetch()
	assert.Len(t, f.prefetched[1], PrefetchBatch)
}

func TestALaneWhoseProtocolCannotPrefetch(t *testing.T) {
	core := NewCore(Config{}, Traits{}, 1)
	core.prefetcher = nil
	l := core.Lane(0)
	for range 2 {
		l.Collect([]byte("a request."))
	}
	assert.NotPanics(t, l.Prefetch)
}

// Only an iteration longer than ten milliseconds changes the time of its events,
// because all clocks run longer than that.
func TestOnlyALongIterationMovesItsEvents(t *testing.T) {
	for length, allowance := range map[time.Duration]time.Duration{longIteration: 0, longIteration + 1: longIteration + 1} {
		bubble(t, Limits{}, func(t *testing.T, core *Core) {
			l := core.Lane(0)
			time.Sleep(time.Second)
			at := l.Tick()
			time.Sleep(length)
			assert.Equal(t, at+length, l.EndIteration())
			assert.Equal(t, at+allowance, l.latest(at))
			assert.Equal(t, at-1, l.latest(at-1), "of another iteration")
		})
	}
}
