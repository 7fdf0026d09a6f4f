package server

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ioflavors/ioflavors/common/kv"
)

// noting notes the lengths of the requests that it gets.
type noting struct{ prefetched [][]uint64 }

func (f *noting) Hash(request []byte) (uint64, bool) {
	return uint64(len(request)), request[0] != '!'
}
func (f *noting) Prefetch(hashes [PrefetchBatch]uint64, n int) {
	f.prefetched = append(f.prefetched, append([]uint64(nil), hashes[:n]...))
}

func TestALanePrefetchesForSingleRequests(t *testing.T) {
	var f noting
	core := NewCore(Config{}, Traits{}, 1)
	core.prefetcher = &f
	l := core.Lane(0)
	get := func(key string) []byte { return encode(nil, kv.Message{Kind: kv.Get, Key: []byte(key)}) }
	length := func(key string) uint64 { return uint64(len(get(key)) - 9) }

	l.Prefetch()
	l.Collect(get("alone"))
	l.Prefetch()
	assert.Empty(t, f.prefetched, "one is not looked for before it is asked for")

	l.Collect(get("a"))
	l.Collect(append(get("two"), get("at once")...))
	l.Collect(get("cut off")[:10])
	l.Collect([]byte("GET"))
	l.Collect([]byte("\x06\x00\x00\x00!@EOF@"))
	l.Collect(nil)
	l.Collect(get("bcd"))
	l.Prefetch()
	assert.Equal(t, [][]uint64{{length("a"), length("bcd")}}, f.prefetched)

	for range PrefetchBatch + 3 {
		l.Collect(get("many"))
	}
	l.Prefetch()
	assert.Len(t, f.prefetched[1], PrefetchBatch)
}

func TestALaneWhoseStoreCannotPrefetch(t *testing.T) {
	core := NewCore(Config{}, Traits{}, 1)
	core.prefetcher = nil
	l := core.Lane(0)
	for range 2 {
		l.Collect(encode(nil, kv.Message{Kind: kv.Get, Key: []byte("k")}))
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
