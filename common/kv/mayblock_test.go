package kv_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ioflavors/ioflavors/common/frame"
	"github.com/ioflavors/ioflavors/common/kv"
	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/common/store"
)

// waiting may block for keys that begin with "slow".
type waiting struct{ store.Store }

func (waiting) MayBlock(key []byte) bool { return bytes.HasPrefix(key, []byte("slow")) }

// prefetching is a waiting that prefetches.
type prefetching struct{ *store.Sharded }

func (prefetching) MayBlock(key []byte) bool { return waiting{}.MayBlock(key) }

func framed(body []byte) []byte {
	out, mark := frame.Begin(nil)
	return frame.End(append(out, body...), mark)
}

// The handler looks at the requests that Serve would answer: one, or up to a batch if
// the store prefetches. It says nothing of what is incomplete or broken.
func TestTheStoreSaysWhichRequestsMayBlock(t *testing.T) {
	const max = 1 << 20
	quick, slow := framed(request(kv.Get, "quick", "")), framed(request(kv.PutOrUpdate, "slow", "v"))
	broken := bytes.Clone(slow)
	broken[len(broken)-1] ^= 1
	batch := bytes.Repeat(quick, store.PrefetchBatch-1)
	for _, c := range []struct {
		name                    string
		in                      []byte
		single, several, memory bool
	}{
		{"quick", quick, false, false, false},
		{"slow", slow, true, true, false},
		{"behind a quick one", append(bytes.Clone(quick), slow...), false, true, false},
		{"the last of a batch", append(bytes.Clone(batch), slow...), false, true, false},
		{"behind a batch", append(append(bytes.Clone(batch), quick...), slow...), false, false, false},
		{"incomplete", slow[:len(slow)-1], false, false, false},
		{"broken", broken, false, false, false},
		{"no message", framed([]byte("slow")), false, false, false},
	} {
		assert.Equal(t, c.single, kv.NewHandler(waiting{store.NewSharded(0)}).MayBlock(c.in, max), c.name)
		assert.Equal(t, c.several, kv.NewHandler(prefetching{store.NewSharded(0)}).MayBlock(c.in, max), c.name)
		assert.Equal(t, c.memory, kv.NewHandler(store.NewSharded(0)).MayBlock(c.in, max), c.name)
	}
	assert.False(t, kv.NewHandler(waiting{store.NewSharded(0)}).MayBlock(framed(request(kv.PutOrUpdate, "slow", strings.Repeat("v", 100))), 50))
	var _ session.Blocker = kv.NewHandler(store.New(0))
}

// The loop prefetches for no request that may block, because prefetching might block,
// too.
func TestThereIsNoHashForARequestThatMayBlock(t *testing.T) {
	h := kv.NewHandler(prefetching{store.NewSharded(0)})
	_, ok := h.Hash(framed(request(kv.Get, "quick", "")), 100)
	assert.True(t, ok)
	_, ok = h.Hash(framed(request(kv.Get, "slow", "")), 100)
	assert.False(t, ok)
}
