package store_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/store"
)

// A store was once full before any operator was warned, and took no new key from then
// on.
func TestAWarningComesBeforeTheStoreIsFull(t *testing.T) {
	const limit = 100_000
	for name, s := range map[string]store.Bounded{"in memory": store.New(limit), "sharded": store.NewSharded(limit)} {
		t.Run(name, func(t *testing.T) {
			var warned []int64
			s.WhenNearlyFull(func(used, of int64) {
				assert.EqualValues(t, limit, of)
				warned = append(warned, used)
			})
			value := []byte(strings.Repeat("v", 900))
			var err error
			n := 0
			for ; err == nil; n++ {
				if err = s.Put(fmt.Append(nil, n), value); err == nil {
					used, _ := s.Usage()
					require.Equal(t, used > limit*9/10, len(warned) == 1, "after %d bytes", used)
				}
			}
			require.ErrorIs(t, err, store.ErrFull)
			require.Len(t, warned, 1, "once, however many come after it")
			assert.Less(t, warned[0], int64(limit*92/100), "at the first that is beyond nine tenths")

			for i := range n / 2 {
				require.NoError(t, s.Put(fmt.Append(nil, i), nil), "a smaller value gives room back")
			}
			require.Len(t, warned, 1)
			for i := range n / 2 {
				require.NoError(t, s.Put(fmt.Append(nil, i), value))
			}
			require.Len(t, warned, 2, "and again, when it was emptier meanwhile")
		})
	}
}

func TestAStoreWithoutALimitIsNeverNearlyFull(t *testing.T) {
	s := store.New(0)
	s.WhenNearlyFull(func(int64, int64) { t.Error("called") })
	require.NoError(t, s.Put([]byte("k"), []byte("v")))
	used, limit := s.Usage()
	assert.Positive(t, used)
	assert.Zero(t, limit)
}

func TestOneOfManyPutsWarns(t *testing.T) {
	s := store.NewSharded(100_000)
	var warned atomic.Int32
	s.WhenNearlyFull(func(int64, int64) { warned.Add(1) })
	var puts sync.WaitGroup
	for g := range 8 {
		puts.Go(func() {
			for i := range 1000 {
				_ = s.Put(fmt.Appendf(nil, "%d %d", g, i), []byte("value"))
			}
		})
	}
	puts.Wait()
	assert.Positive(t, warned.Load())
	assert.Less(t, warned.Load(), int32(100), "puts that find no room do not count as room that was given back")
}
