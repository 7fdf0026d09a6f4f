package store_test

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ioflavors/ioflavors/common/store"
)

type updater interface {
	store.Store
	store.Updater
	store.Bounded
}

func updaters(limit int64) map[string]updater {
	return map[string]updater{"InMemory": store.New(limit), "Sharded": store.NewSharded(limit)}
}

// of returns keys for Update.
func of(keys ...string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for _, key := range keys {
			if !yield([]byte(key)) {
				return
			}
		}
	}
}

func pairs(all [][2]string) iter.Seq2[[]byte, []byte] {
	return func(yield func(k, v []byte) bool) {
		for _, pair := range all {
			if !yield([]byte(pair[0]), []byte(pair[1])) {
				return
			}
		}
	}
}

func keysOf(t require.TestingT, s store.Updater) (all []string) {
	more, err := s.Scan().Next(math.MaxInt, func(key []byte) bool {
		all = append(all, string(key))
		return true
	})
	require.NoError(t, err)
	require.False(t, more)
	slices.Sort(all)
	return all
}

// delete removes a key, or tells why not.
func deleteKey(t require.TestingT, s store.Updater, key string) (found bool) {
	require.NoError(t, s.Update(of(key), func(tx store.Tx) (err error) {
		found, err = tx.Delete([]byte(key))
		return err
	}))
	return found
}

func (c *comparison) updater() updater { return c.store.(updater) }

func (c *comparison) delete(t *rapid.T, key string) {
	_, found := c.want[key]
	require.Equal(t, found, deleteKey(t, c.updater(), key), "key %.10q", key)
	delete(c.want, key)
}

func (c *comparison) clear(t *rapid.T) {
	require.NoError(t, c.updater().Clear())
	clear(c.want)
	used, _ := c.updater().Usage()
	require.Zero(t, used)
}

// exchange gets and puts several keys in one step.
func (c *comparison) exchange(t *rapid.T) {
	some := rapid.SliceOfN(rapid.SampledFrom(keys), 1, 5).Draw(t, "keys")
	value := strings.Repeat("x", rapid.IntRange(0, 600).Draw(t, "size"))
	require.NoError(t, c.updater().Update(of(some...), func(tx store.Tx) error {
		for _, key := range some {
			got, found, err := tx.Get([]byte(key))
			require.NoError(t, err)
			want, present := c.want[key]
			require.Equal(t, fmt.Sprint(want, present), fmt.Sprint(string(got), found))
			switch err := tx.Put([]byte(key), []byte(value)); {
			case err == nil:
				c.want[key] = value
			default:
				require.ErrorIs(t, err, store.ErrFull)
			}
		}
		return nil
	}))
}

// extend appends to a value.
func (c *comparison) extend(t *rapid.T) {
	key := rapid.SampledFrom(keys).Draw(t, "key")
	suffix := strings.Repeat("z", rapid.IntRange(0, 600).Draw(t, "size"))
	require.NoError(t, c.updater().Update(of(key), func(tx store.Tx) error {
		switch n, err := tx.Append([]byte(key), []byte(suffix)); {
		case err == nil:
			c.want[key] += suffix
			require.Equal(t, len(c.want[key]), n)
		default:
			require.ErrorIs(t, err, store.ErrFull)
		}
		return nil
	}))
}

// putAll puts several pairs, or none.
func (c *comparison) putAll(t *rapid.T) {
	var all [][2]string
	for _, key := range rapid.SliceOfN(rapid.SampledFrom(keys), 1, 6).Draw(t, "keys") {
		all = append(all, [2]string{key, strings.Repeat(key+"y", rapid.IntRange(0, 300).Draw(t, "times"))})
	}
	err := c.updater().Update(func(yield func([]byte) bool) {
		for key := range pairs(all) {
			if !yield(key) {
				return
			}
		}
	}, func(tx store.Tx) error { return tx.PutAll(pairs(all)) })
	if err != nil {
		require.ErrorIs(t, err, store.ErrFull)
		return
	}
	for _, pair := range all {
		c.want[pair[0]] = pair[1]
	}
}

// keys lists all keys.
func (c *comparison) keys(t *rapid.T) {
	require.Equal(t, slices.Sorted(maps.Keys(c.want)), keysOf(t, c.updater()))
}

// The space that an entry takes is given back when the entry goes, however it has changed
// in between.
func TestDeletedEntriesGiveTheirSpaceBack(t *testing.T) {
	for name, s := range updaters(1_000_000) {
		t.Run(name, func(t *testing.T) {
			for i := range 5_000 {
				key := fmt.Sprint("key", i%50)
				for _, size := range []int{i % 700, i % 13, i % 300} {
					require.NoError(t, s.Put([]byte(key), make([]byte, size)))
				}
				if i%3 == 0 {
					require.True(t, deleteKey(t, s, key))
					require.False(t, deleteKey(t, s, key))
				}
			}
			for i := range 50 {
				deleteKey(t, s, fmt.Sprint("key", i))
			}
			used, _ := s.Usage()
			assert.Zero(t, used)
			assert.Zero(t, length(t, s))
		})
	}
}

// All pairs are put, or none; those with the same key need space once.
func TestPairsArePutTogetherOrNotAtAll(t *testing.T) {
	for name, s := range updaters(1_000) {
		t.Run(name, func(t *testing.T) {
			put := func(all ...[2]string) error {
				var named []string
				for _, pair := range all {
					named = append(named, pair[0])
				}
				return s.Update(of(named...), func(tx store.Tx) error { return tx.PutAll(pairs(all)) })
			}
			require.NoError(t, put([2]string{"a", "1"}, [2]string{"b", "2"}))
			before, _ := s.Usage()
			require.ErrorIs(t, put([2]string{"a", "3"}, [2]string{"c", strings.Repeat("v", 900)}), store.ErrFull)
			used, _ := s.Usage()
			require.Equal(t, before, used)
			value, _ := get(t, s, "a")
			require.Equal(t, "1", value)
			require.NoError(t, put([2]string{"c", strings.Repeat("v", 300)}, [2]string{"c", strings.Repeat("w", 301)}))
			used, _ = s.Usage()
			require.EqualValues(t, before+1+301+64, used)
		})
	}
}

// The function's error is Update's, and its changes stay.
func TestTheErrorOfAnUpdate(t *testing.T) {
	for name, s := range updaters(0) {
		t.Run(name, func(t *testing.T) {
			why := errors.New("why")
			require.ErrorIs(t, s.Update(of("k"), func(tx store.Tx) error {
				require.NoError(t, tx.Put([]byte("k"), []byte("v")))
				return why
			}), why)
			value, _ := get(t, s, "k")
			assert.Equal(t, "v", value)
			assert.Panics(t, func() { _ = s.Update(of("k"), func(store.Tx) error { panic("x") }) })
			assert.True(t, deleteKey(t, s, "k"), "no lock is held after a panic")
		})
	}
}

// Goroutines add to two counters in one step each, in both orders of the keys, while
// others see both or neither of their additions.
func TestUpdatesAreOneStep(t *testing.T) {
	s := store.NewSharded(0)
	number := func(tx store.Tx, key string) int {
		value, _, err := tx.Get([]byte(key))
		assert.NoError(t, err)
		n, _ := strconv.Atoi(string(value))
		return n
	}
	const goroutines, times = 8, 500
	var all sync.WaitGroup
	for g := range goroutines {
		names := []string{"first", "second"}
		if g%2 == 1 {
			slices.Reverse(names)
		}
		all.Go(func() {
			for range times {
				assert.NoError(t, s.Update(of(names...), func(tx store.Tx) error {
					a, b := number(tx, "first"), number(tx, "second")
					assert.Equal(t, a, b)
					for _, name := range names {
						assert.NoError(t, tx.Put([]byte(name), fmt.Append(nil, a+1)))
					}
					return nil
				}))
				assert.NoError(t, s.Update(of("third"), func(tx store.Tx) error {
					_, err := tx.Delete([]byte("third"))
					return errors.Join(err, tx.PutAll(pairs([][2]string{{"third", "x"}})))
				}))
			}
		})
	}
	all.Go(func() {
		for range times {
			n := 0
			for scan, more := s.Scan(), true; more; {
				var err error
				more, err = scan.Next(100, func([]byte) bool { n++; return true })
				assert.NoError(t, err)
			}
			assert.LessOrEqual(t, n, 3)
			s.Prefetch([store.PrefetchBatch]uint64{s.Hash([]byte("first")), s.Hash([]byte("second"))}, 2)
		}
	})
	all.Wait()
	value, _ := get(t, s, "second")
	assert.Equal(t, fmt.Sprint(goroutines*times), value)
}

func TestScanStopsWhenItIsTold(t *testing.T) {
	for name, s := range updaters(0) {
		t.Run(name, func(t *testing.T) {
			for i := range 100 {
				require.NoError(t, s.Put(fmt.Append(nil, i), nil))
			}
			n := 0
			more, err := s.Scan().Next(100, func([]byte) bool { n++; return n < 3 })
			require.NoError(t, err)
			assert.True(t, more)
			assert.Equal(t, 3, n)
		})
	}
}

// A scan in small steps meets each key that stays, while others come and go.
func TestScanMeetsEveryKeyThatStays(t *testing.T) {
	for name, s := range updaters(0) {
		t.Run(name, func(t *testing.T) {
			const stay = 3000
			for i := range stay {
				require.NoError(t, s.Put([]byte("stay"+strconv.Itoa(i)), nil))
				require.NoError(t, s.Put([]byte("go"+strconv.Itoa(i)), nil))
			}
			scan, met := s.Scan(), map[string]int{}
			for step, more := 0, true; more; step++ {
				require.Less(t, step, 100_000)
				calls, refuse := 0, step%3 == 0
				var err error
				more, err = scan.Next(7, func(key []byte) bool {
					calls++
					if refuse && calls == 3 {
						return false
					}
					met[string(key)]++
					return true
				})
				require.NoError(t, err)
				require.LessOrEqual(t, calls, 7)
				require.NoError(t, s.Put([]byte("come"+strconv.Itoa(step)), nil))
				deleteKey(t, s, "go"+strconv.Itoa(step))
			}
			for i := range stay {
				require.Equal(t, 1, met["stay"+strconv.Itoa(i)], i)
			}
		})
	}
}

// A scan ends although all keys that it has not met are gone.
func TestScanEndsAfterClear(t *testing.T) {
	for name, s := range updaters(0) {
		t.Run(name, func(t *testing.T) {
			for i := range 1000 {
				require.NoError(t, s.Put([]byte(strconv.Itoa(i)), nil))
			}
			scan, met := s.Scan(), 0
			count := func([]byte) bool { met++; return true }
			more, err := scan.Next(10, count)
			require.NoError(t, err)
			require.True(t, more)
			require.NoError(t, s.Clear())
			more, err = scan.Next(2000, count)
			require.NoError(t, err)
			assert.False(t, more)
			assert.Equal(t, 10, met)
		})
	}
}

// TestAppendsCopyTheValueRarely: 11,000 appends to a value of a megabyte took 44 s, and
// allocated 11 GB.
func TestAppendsCopyTheValueRarely(t *testing.T) {
	for name, s := range updaters(0) {
		t.Run(name, func(t *testing.T) {
			const size, times = 1_000_000, 1000
			require.NoError(t, s.Put([]byte("k"), make([]byte, size)))
			moved, before := 0, (*byte)(nil)
			for range times {
				require.NoError(t, s.Update(of("k"), func(tx store.Tx) error {
					_, err := tx.Append([]byte("k"), []byte("x"))
					require.NoError(t, err)
					value, _, err := tx.Get([]byte("k"))
					if before != &value[0] {
						moved++
					}
					before = &value[0]
					return err
				}))
			}
			assert.LessOrEqual(t, moved, 2)
			value, _ := get(t, s, "k")
			assert.Equal(t, strings.Repeat("x", times), value[size:])
		})
	}
}

// A store that has space for the suffix, but none to spare, takes it.
func TestAnAppendThatFillsTheStore(t *testing.T) {
	for name, s := range updaters(64 + 1 + 1100) {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, s.Put([]byte("k"), make([]byte, 1000)))
			require.NoError(t, s.Update(of("k"), func(tx store.Tx) error {
				n, err := tx.Append([]byte("k"), make([]byte, 100))
				require.NoError(t, err)
				require.Equal(t, 1100, n)
				_, err = tx.Append([]byte("k"), make([]byte, 1))
				require.ErrorIs(t, err, store.ErrFull)
				return nil
			}))
			used, limit := s.Usage()
			assert.Equal(t, limit, used)
			assert.True(t, deleteKey(t, s, "k"))
			used, _ = s.Usage()
			assert.Zero(t, used)
		})
	}
}
