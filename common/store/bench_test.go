package store_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/store"
)

// The sizes of the stored keys and values, in bytes.
const (
	benchmarkKey   = 16
	benchmarkValue = 64
)

// sequence has a store's keys in the random order of the requests. The keys lie
// in memory in that order, so the processor prefetches them and has them in its
// cache, like a received request. It does not have the store's entries there,
// once they are too many.
type sequence struct {
	data  []byte
	count int
}

func (k *sequence) at(i int) []byte { return k.data[i*benchmarkKey:][:benchmarkKey] }

// filled returns the store with count keys in it, and the keys.
func filled(b *testing.B, s store.Store, count int) *sequence {
	k := &sequence{count: count}
	value := make([]byte, benchmarkValue)
	for i := range count {
		require.NoError(b, s.Put(fmt.Appendf(nil, "key:%012d", i), value))
	}
	for _, i := range rand.New(rand.NewPCG(1, 2)).Perm(count) {
		k.data = fmt.Appendf(k.data, "key:%012d", i)
	}
	return k
}

// operation is a request to a store, for a key that the store has.
type operation struct {
	name string
	do   func(s store.Store, buf, key []byte) bool
}

var operations = []operation{
	{"get", func(s store.Store, buf, key []byte) bool {
		out, found, err := s.Append(buf, key)
		return found && err == nil && len(out) == benchmarkValue
	}},
	{"put", func(s store.Store, buf, key []byte) bool { return s.Put(key, buf[:benchmarkValue]) == nil }},
}

func BenchmarkStore(b *testing.B) {
	for _, count := range []int{10_000, 1_000_000} {
		for _, kind := range []struct {
			name  string
			empty func() store.Store
		}{
			{"InMemory", func() store.Store { return store.New(0) }},
			{"Sharded", func() store.Store { return store.NewSharded(0) }},
		} {
			b.Run(fmt.Sprintf("keys=%d/store=%s", count, kind.name), func(b *testing.B) {
				s := kind.empty()
				k := filled(b, s, count)
				for _, op := range operations {
					b.Run("op="+op.name, func(b *testing.B) {
						buf := make([]byte, 0, benchmarkValue)
						b.ReportAllocs()
						i := 0
						for b.Loop() {
							if !op.do(s, buf, k.at(i)) {
								b.Fatal("no value was read or written")
							}
							if i++; i == k.count {
								i = 0
							}
						}
					})
				}
			})
		}
	}
}

// oneLock is a store to compare Sharded with: one lock for all keys.
type oneLock struct {
	mu sync.Mutex
	*store.InMemory
}

func (s *oneLock) Append(dst, key []byte) ([]byte, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.InMemory.Append(dst, key)
}

func (s *oneLock) Put(key, value []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.InMemory.Put(key, value)
}

// BenchmarkContention has several goroutines use a store at once. The name says
// how many there are for each processor.
func BenchmarkContention(b *testing.B) {
	for _, kind := range []struct {
		name  string
		store store.Store
	}{
		{"Sharded", store.NewSharded(0)},
		{"OneLock", &oneLock{InMemory: store.New(0)}},
	} {
		k := filled(b, kind.store, 10_000)
		for _, op := range operations {
			for _, goroutines := range []int{1, 8, 64} {
				b.Run(fmt.Sprintf("op=%s/goroutines-per-cpu=%d/store=%s", op.name, goroutines, kind.name), func(b *testing.B) {
					b.SetParallelism(goroutines)
					b.ReportAllocs()
					var started atomic.Int64
					b.RunParallel(func(pb *testing.PB) {
						buf := make([]byte, 0, benchmarkValue)
						i := int(started.Add(1)) * 7919 % k.count // each goroutine starts at another key
						for pb.Next() {
							if !op.do(kind.store, buf, k.at(i)) {
								b.Error("no value was read or written")
								return
							}
							if i++; i == k.count {
								i = 0
							}
						}
					})
				})
			}
		}
	}
}
