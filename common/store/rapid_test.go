package store_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ioflavors/ioflavors/common/store"
)

// Each store must behave like a plain map, except that a put may fail if there
// is a limit. A failed put changes nothing.
func TestStoresAgainstAMap(t *testing.T) {
	for _, test := range []struct {
		name string
		new  func(limit int64) counted
		most int64 // the largest limit to try, in bytes
	}{
		{"InMemory", func(limit int64) counted { return store.New(limit) }, 5_000},
		{"Sharded", func(limit int64) counted { return store.NewSharded(limit) }, 5_000},
	} {
		t.Run(test.name, rapid.MakeCheck(func(t *rapid.T) {
			var limit int64
			if rapid.Bool().Draw(t, "limited") {
				limit = rapid.Int64Range(1, test.most).Draw(t, "limit")
			}
			c := comparison{store: test.new(limit), limit: limit, want: make(map[string]string)}
			t.Repeat(map[string]func(*rapid.T){
				"put": anyKey(c.put), "get": anyKey(c.get), "get all": c.getAll, "prefetch": c.prefetch, "": c.check,
				"delete": anyKey(c.delete), "clear": c.clear, "exchange": c.exchange, "put all": c.putAll, "append": c.extend, "keys": c.keys,
			})
		}))
	}
}

type counted interface {
	store.Store
	store.Prefetcher
	store.Fitter
	Len() (int, error)
}

func length(t require.TestingT, s interface{ Len() (int, error) }) int {
	n, err := s.Len()
	require.NoError(t, err)
	return n
}

type comparison struct {
	store counted
	limit int64
	want  map[string]string
}

var keys = []string{"", "k", "a", "b", "c", "key", "key ", strings.Repeat("k", 300)}

func anyKey(do func(*rapid.T, string)) func(*rapid.T) {
	return func(t *rapid.T) { do(t, rapid.SampledFrom(keys).Draw(t, "key")) }
}

func (c *comparison) put(t *rapid.T, key string) {
	size := rapid.OneOf(rapid.IntRange(0, 20), rapid.IntRange(0, 1200)).Draw(t, "size")
	value := strings.Repeat(rapid.StringMatching(`[a-z]{10}`).Draw(t, "text"), size/10+1)[:size]

	k, v := []byte(key), []byte(value)
	err := c.store.Put(k, v)
	for _, b := range [][]byte{k, v} { // the caller reuses its buffers
		copy(b, bytes.Repeat([]byte("#"), len(b)))
	}
	if err == nil {
		c.want[key] = value
		return
	}
	require.ErrorIs(t, err, store.ErrFull)
	require.Positive(t, c.limit, "full without a limit")
	old, found := c.want[key]
	require.False(t, found && len(value) <= len(old), "no room for %d bytes instead of %d", len(value), len(old))
}

// prefetch prefetches keys, and then gets or puts most of them in this order.
func (c *comparison) prefetch(t *rapid.T) {
	collected := rapid.SliceOfN(rapid.SampledFrom(keys), 0, store.PrefetchBatch).Draw(t, "keys")
	var hashes [store.PrefetchBatch]uint64
	for i, key := range collected {
		hashes[i] = c.store.Hash([]byte(key))
	}
	c.store.Prefetch(hashes, len(collected))
	for _, key := range collected {
		switch rapid.IntRange(0, 9).Draw(t, "then") {
		case 0: // prefetched in vain
		case 1, 2, 3, 4:
			c.put(t, key)
		case 5:
			c.delete(t, key)
		case 6:
			c.exchange(t)
		default:
			c.get(t, key)
		}
	}
}

func (c *comparison) get(t *rapid.T, key string) {
	value, found := c.want[key]
	if rapid.Bool().Draw(t, "fit") {
		c.getFit(t, key, value, found)
		return
	}
	out, ok, err := c.store.Append([]byte("before:"), []byte(key))
	require.NoError(t, err)
	require.Equal(t, fmt.Sprint("before:", value, found), fmt.Sprint(string(out), ok), "key %.10q", key)
}

// getFit gets into memory that may be too small, and then into enough.
func (c *comparison) getFit(t *rapid.T, key, value string, found bool) {
	room := rapid.IntRange(0, 1200).Draw(t, "room")
	for {
		dst := append(make([]byte, 0, 3+room), "dst"...)
		out, ok, need, err := c.store.AppendFit(dst, []byte(key))
		require.NoError(t, err)
		require.Equal(t, found, ok)
		if len(value) > room {
			require.Equal(t, len(value), need)
			require.Equal(t, "dst", string(out))
			room = need
			continue
		}
		require.Zero(t, need)
		require.Equal(t, "dst"+value, string(out))
		require.Same(t, &dst[0], &out[0])
		return
	}
}

func (c *comparison) getAll(t *rapid.T) {
	for _, key := range keys {
		c.get(t, key)
	}
}

func (c *comparison) check(t *rapid.T) {
	require.Equal(t, len(c.want), length(t, c.store))
	var kept int64
	for key, value := range c.want {
		kept += int64(len(key) + len(value))
	}
	if c.limit > 0 && kept > c.limit {
		t.Fatalf("%d bytes kept, the limit is %d", kept, c.limit)
	}
}
