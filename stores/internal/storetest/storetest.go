// Package storetest has what the tests of all stores share: Run compares a store with a
// map, and History looks whether one order of all operations explains what it answered.
package storetest

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ioflavors/ioflavors/common/store"
)

// Store is what all our stores are.
type Store interface {
	store.Store
	store.Batcher
	store.Updater
	store.Timed
	Close() error
}

var keys = []string{"", "k", "a", "b", "c", "key", "key ", "\xff\x00", strings.Repeat("k", 300)}

// Run compares an empty store with a map, and tries what several goroutines do at once.
func Run(t *testing.T, s Store) {
	t.Run("against a map", rapid.MakeCheck(func(t *rapid.T) {
		require.NoError(t, s.Clear())
		c := comparison{s, make(map[string]string)}
		t.Repeat(map[string]func(*rapid.T){
			"": c.check, "put": c.put, "get": c.get, "put all": c.putAll, "get all": c.getAll,
			"update": c.update, "clear": c.clear, "scan": c.scan,
		})
	}))
	t.Run("counters", func(t *testing.T) { counters(t, s) })
	t.Run("history", func(t *testing.T) {
		require.NoError(t, s.Clear())
		var h History
		var clients sync.WaitGroup
		for client := range 6 {
			clients.Go(func() { h.Client(s, client, func(n int) bool { return n < 200 }) })
		}
		clients.Wait()
		assert.Zero(t, h.Check(t))
	})
	t.Run("errors of a step", func(t *testing.T) {
		err := fmt.Errorf("the step's own")
		assert.ErrorIs(t, s.Update(of("k"), func(store.Tx) error { return err }), err)
		assert.ErrorIs(t, s.View(of("k"), func(store.Tx) error { return err }), err)
		assert.PanicsWithValue(t, "x", func() { _ = s.Update(of("k"), func(store.Tx) error { panic("x") }) })
		require.NoError(t, s.Put([]byte("k"), []byte("v")), "it goes on")
	})
	assert.Positive(t, s.Latency().Count)
}

// counters lets goroutines count in two entries, which Update must always show together.
func counters(t *testing.T, s Store) {
	const goroutines, rounds = 4, 25
	keys := of("{n}1", "{n}2") // one slot of a cluster
	require.NoError(t, s.Clear())
	var counting sync.WaitGroup
	for range goroutines {
		counting.Go(func() {
			for range rounds {
				assert.NoError(t, s.Update(keys, func(tx store.Tx) error {
					first, _, err := tx.Get([]byte("{n}1"))
					if err != nil {
						return err
					}
					second, _, err := tx.Get([]byte("{n}2"))
					if err != nil {
						return err
					}
					assert.Equal(t, string(first), string(second))
					if _, err := tx.Append([]byte("{n}1"), []byte("x")); err != nil {
						return err
					}
					_, err = tx.Append([]byte("{n}2"), []byte("x"))
					return err
				}))
			}
		})
	}
	counting.Wait()
	out, _, err := s.Append(nil, []byte("{n}2"))
	require.NoError(t, err)
	assert.Len(t, out, goroutines*rounds)
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

// comparison is a store and what it must have.
type comparison struct {
	store Store
	want  map[string]string
}

func drawKey(t *rapid.T) string { return rapid.SampledFrom(keys).Draw(t, "key") }

func drawValue(t *rapid.T) string {
	return strings.Repeat("v\xfe", rapid.OneOf(rapid.IntRange(0, 3), rapid.IntRange(0, 2000)).Draw(t, "half the size"))
}

func (c *comparison) check(t *rapid.T) {
	n, err := c.store.Len()
	require.NoError(t, err)
	require.Equal(t, len(c.want), n)
}

func (c *comparison) put(t *rapid.T) {
	key, value := drawKey(t), []byte(drawValue(t))
	require.NoError(t, c.store.Put([]byte(key), value))
	c.want[key] = string(value)
	clear(value) // the store has a copy
}

func (c *comparison) get(t *rapid.T) {
	key := drawKey(t)
	out, found, err := c.store.Append([]byte("before"), []byte(key))
	require.NoError(t, err)
	want, present := c.want[key]
	require.Equal(t, present, found)
	require.Equal(t, "before"+want, string(out))
	fit, ok := c.store.(store.Fitter)
	if !ok {
		return
	}
	out, found, need, err := fit.AppendFit(make([]byte, 0, 10), []byte(key))
	require.NoError(t, err)
	require.Equal(t, present, found)
	if need > 0 {
		require.Empty(t, out)
		require.Equal(t, len(want), need)
	} else {
		require.Equal(t, want, string(out))
	}
}

func (c *comparison) drawOps(t *rapid.T) (ops []store.Op) {
	for range rapid.IntRange(1, 20).Draw(t, "operations") {
		ops = append(ops, store.Op{Key: []byte(drawKey(t)), Value: []byte(drawValue(t))})
	}
	return ops
}

func (c *comparison) putAll(t *rapid.T) {
	ops := c.drawOps(t)
	c.store.PutAll(ops)
	for _, op := range ops {
		require.NoError(t, op.Err)
		c.want[string(op.Key)] = string(op.Value)
	}
}

func (c *comparison) getAll(t *rapid.T) {
	ops := c.drawOps(t)
	for i := range ops {
		ops[i].Value = nil
	}
	c.store.GetAll(ops)
	for _, op := range ops {
		require.NoError(t, op.Err)
		want, present := c.want[string(op.Key)]
		require.Equal(t, present, op.Found)
		require.Equal(t, want, string(op.Value))
	}
}

// update does some steps with one key. A step on several keys may be beyond a cluster.
func (c *comparison) update(t *rapid.T) {
	key := drawKey(t)
	steps := rapid.SliceOfN(rapid.SampledFrom([]string{"get", "put", "append", "delete", "put all"}), 1, 6).Draw(t, "steps")
	value := drawValue(t)
	var want string
	var present bool
	step := func(tx store.Tx) error {
		want, present = c.want[key]
		for _, step := range steps {
			switch step {
			case "get":
				got, found, err := tx.Get([]byte(key))
				require.NoError(t, err)
				require.Equal(t, present, found)
				require.Equal(t, want, string(got))
			case "put":
				require.NoError(t, tx.Put([]byte(key), []byte(value)))
				want, present = value, true
			case "put all":
				require.NoError(t, tx.PutAll(func(yield func(k, v []byte) bool) {
					_ = yield([]byte(key), []byte("1")) && yield([]byte(key), []byte("2"))
				}))
				want, present = "2", true
			case "append":
				n, err := tx.Append([]byte(key), []byte("suffix"))
				require.NoError(t, err)
				want, present = want+"suffix", true
				require.Equal(t, len(want), n)
			case "delete":
				found, err := tx.Delete([]byte(key))
				require.NoError(t, err)
				require.Equal(t, present, found)
				want, present = "", false
			}
		}
		return nil
	}
	require.NoError(t, c.store.Update(of(key, key), step))
	if delete(c.want, key); present {
		c.want[key] = want
	}
	require.NoError(t, c.store.View(of(key), func(tx store.Tx) error {
		got, found, err := tx.Get([]byte(key))
		require.Equal(t, present, found)
		require.Equal(t, want, string(got))
		return err
	}))
}

func (c *comparison) clear(t *rapid.T) {
	require.NoError(t, c.store.Clear())
	clear(c.want)
}

func (c *comparison) scan(t *rapid.T) {
	size := rapid.IntRange(1, 5).Draw(t, "step")
	met := make(map[string]bool)
	scan := c.store.Scan()
	for more := true; more; {
		// The function may refuse a key, and gets it again.
		left := rapid.IntRange(0, size).Draw(t, "taken")
		var err error
		more, err = scan.Next(size, func(key []byte) bool {
			if left--; left < 0 {
				return false
			}
			met[string(key)] = true
			return true
		})
		require.NoError(t, err)
	}
	require.Equal(t, slices.Sorted(maps.Keys(c.want)), slices.Sorted(maps.Keys(met)))
}
