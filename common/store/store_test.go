package store_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/store"
)

// both runs a test on each kind of store.
func both(t *testing.T, limit int64, test func(t *testing.T, s store.Store)) {
	t.Run("InMemory", func(t *testing.T) { test(t, store.New(limit)) })
	t.Run("Sharded", func(t *testing.T) { test(t, store.NewSharded(limit)) })
}

func get(t *testing.T, s store.Store, key string) (string, bool) {
	t.Helper()
	out, found, err := s.Append([]byte("before:"), []byte(key))
	require.NoError(t, err)
	value, ok := strings.CutPrefix(string(out), "before:")
	require.True(t, ok, "dst is extended, not replaced: %q", out)
	return value, found
}

func TestPutThenGet(t *testing.T) {
	both(t, 0, func(t *testing.T, s store.Store) {
		_, found := get(t, s, "k")
		assert.False(t, found)
		for _, value := range []string{"v", "", "a longer value", strings.Repeat("x", 10_000), "short again"} {
			require.NoError(t, s.Put([]byte("k"), []byte(value)))
			got, found := get(t, s, "k")
			assert.True(t, found)
			assert.Equal(t, value, got)
		}
		require.NoError(t, s.Put(nil, []byte("empty key")))
		got, _ := get(t, s, "")
		assert.Equal(t, "empty key", got)
	})
}

func TestWhatIsKeptIsACopy(t *testing.T) {
	both(t, 0, func(t *testing.T, s store.Store) {
		key, value := []byte("key"), []byte("value")
		require.NoError(t, s.Put(key, value))
		clear(key)
		clear(value)
		out, _, _ := s.Append(nil, []byte("key"))
		assert.Equal(t, "value", string(out))
		clear(out)
		got, _ := get(t, s, "key")
		assert.Equal(t, "value", got)
	})
}

func TestAFullStoreKeepsWhatItHas(t *testing.T) {
	s := store.New(10_000)
	require.NoError(t, s.Put([]byte("k"), []byte("old")))
	err := s.Put([]byte("k"), make([]byte, 20_000))
	assert.ErrorIs(t, err, store.ErrFull)
	got, _ := get(t, s, "k")
	assert.Equal(t, "old", got)

	var full error
	for i := 0; full == nil; i++ {
		require.Less(t, i, 10_000, "the limit is never reached")
		full = s.Put(fmt.Append(nil, i), []byte("some value"))
	}
	assert.ErrorIs(t, full, store.ErrFull)
	require.NoError(t, s.Put([]byte("k"), []byte("new")), "an update that needs no room")
}

// A sharded store was once full when one of its shards was.
func TestAStoreTakesAsMuchAsItsLimit(t *testing.T) {
	both(t, 1_000_000, func(t *testing.T, s store.Store) {
		for i := range 98 {
			require.NoError(t, s.Put(fmt.Append(nil, i), make([]byte, 10_000)), "value %d", i)
		}
		assert.ErrorIs(t, s.Put([]byte("one more"), make([]byte, 20_000)), store.ErrFull)
	})
}

func TestASmallerValueGivesRoomBack(t *testing.T) {
	s := store.New(100_000)
	for range 100 {
		require.NoError(t, s.Put([]byte("k"), make([]byte, 90_000)))
		require.NoError(t, s.Put([]byte("k"), []byte("small")))
	}
	require.NoError(t, s.Put([]byte("other"), make([]byte, 90_000)))
}

// A replacement once gave 12 bytes too many back. After ten thousand replacements a
// store exceeded its limit by the sum of these bytes.
func TestTheLimitHoldsAfterManyReplacements(t *testing.T) {
	const limit = 100_000
	key, small, large := []byte("k"), make([]byte, 10), make([]byte, 1000)
	room := func(t *testing.T, s store.Store) (entries int) {
		for s.Put(fmt.Appendf(nil, "%10d", entries), nil) == nil {
			entries++
			require.Less(t, entries, limit)
		}
		return entries
	}
	both(t, limit, func(t *testing.T, s store.Store) {
		fresh := store.New(limit)
		require.NoError(t, fresh.Put(key, small))
		for range 10_000 {
			require.NoError(t, s.Put(key, large))
			require.ErrorIs(t, s.Put(key, make([]byte, limit)), store.ErrFull)
			require.ErrorIs(t, s.Put([]byte("other"), make([]byte, limit)), store.ErrFull)
			require.NoError(t, s.Put(key, small))
		}
		assert.Equal(t, room(t, fresh), room(t, s))
	})
}

// The count of bytes is exact: a value that just fills the store fits.
func TestTheLimitIsItselfAllowed(t *testing.T) {
	const overhead = 64
	both(t, 1000, func(t *testing.T, s store.Store) {
		require.NoError(t, s.Put([]byte("first"), make([]byte, 100)))
		rest := 1000 - (5 + 100 + overhead) - (6 + overhead)
		assert.ErrorIs(t, s.Put([]byte("second"), make([]byte, rest+1)), store.ErrFull)
		assert.NoError(t, s.Put([]byte("second"), make([]byte, rest)))
		assert.ErrorIs(t, s.Put([]byte("first"), make([]byte, 101)), store.ErrFull)
		assert.ErrorIs(t, s.Put(nil, nil), store.ErrFull)
	})
}

// A value gets its predecessor's memory, unless it would leave more bytes idle than its
// own length plus 256.
func TestOnlyAMuchSmallerValueGivesRoomBack(t *testing.T) {
	for size, gives := range map[int]bool{2*100 + 256: false, 2*100 + 257: true} {
		both(t, int64(1+size+64), func(t *testing.T, s store.Store) {
			require.NoError(t, s.Put([]byte("k"), make([]byte, size)))
			require.ErrorIs(t, s.Put([]byte("o"), nil), store.ErrFull)
			require.NoError(t, s.Put([]byte("k"), make([]byte, 100)))
			assert.Equal(t, gives, s.Put([]byte("o"), nil) == nil, "%d bytes, and then 100", size)
		})
	}
}

func TestShardedIsSafeForConcurrentUse(t *testing.T) {
	s := store.NewSharded(0)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 1000 {
				key := fmt.Appendf(nil, "shared %d", i%10)
				assert.NoError(t, s.Put(key, fmt.Appendf(nil, "%d %s", g, key)))
				out, found, err := s.Append(nil, key)
				assert.NoError(t, err)
				assert.True(t, found)
				assert.True(t, strings.HasSuffix(string(out), string(key)), "a value of another key: %q", out)
			}
		})
	}
	wg.Wait()
	assert.Equal(t, 10, length(t, s))
}

func TestNothingIsAllocatedForAValueThatFits(t *testing.T) {
	both(t, 0, func(t *testing.T, s store.Store) {
		key, value, buf := []byte("key"), []byte("some value"), make([]byte, 0, 100)
		require.NoError(t, s.Put(key, value))
		assert.Zero(t, testing.AllocsPerRun(100, func() { _ = s.Put(key, value) }))
		assert.Zero(t, testing.AllocsPerRun(100, func() { _ = s.Put(key, value[:5]) }))
		assert.Zero(t, testing.AllocsPerRun(100, func() { _, _, _ = s.Append(buf, key) }))
	})
}

// BenchmarkEntryOverhead measures the cost of an entry besides its key and value.
func BenchmarkEntryOverhead(b *testing.B) {
	const entries, size = 1_000_000, 16 + 64
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		s := store.New(0)
		value := make([]byte, 64)
		for i := range entries {
			_ = s.Put(fmt.Appendf(nil, "key:%012d", i), value)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/entries-size, "B/entry")
		runtime.KeepAlive(s)
	}
}
