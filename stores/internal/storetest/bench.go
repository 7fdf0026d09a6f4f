package storetest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/ioflavors/ioflavors/common/store"
)

// Bench measures gets and puts of 64 bytes: by one goroutine, by 50, and by one in
// batches of 16. A batch counts as 16 operations.
func Bench(b *testing.B, s Store) {
	value := make([]byte, 64)
	key := func(n int64) []byte { return fmt.Appendf(nil, "key:%012d", n%1000) }
	for n := range int64(1000) {
		if err := s.Put(key(n), value); err != nil {
			b.Fatal(err)
		}
	}
	for name, do := range map[string]func(key []byte) error{
		"get": func(key []byte) error { _, _, err := s.Append(nil, key); return err },
		"put": func(key []byte) error { return s.Put(key, value) },
	} {
		for _, goroutines := range []int{1, 50} {
			b.Run(fmt.Sprintf("op=%s/goroutines=%d", name, goroutines), func(b *testing.B) {
				var done atomic.Int64
				var working sync.WaitGroup
				for range goroutines {
					working.Go(func() {
						for n := done.Add(1); n <= int64(b.N); n = done.Add(1) {
							if err := do(key(n)); err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				working.Wait()
			})
		}
	}
	for name, do := range map[string]func([]store.Op){"get": s.GetAll, "put": s.PutAll} {
		b.Run(fmt.Sprintf("op=%s/batch=16", name), func(b *testing.B) {
			ops := make([]store.Op, 16)
			for n := int64(0); n < int64(b.N); n += int64(len(ops)) {
				for i := range ops {
					ops[i] = store.Op{Key: key(n + int64(i)), Value: value}
				}
				if do(ops); ops[0].Err != nil {
					b.Fatal(ops[0].Err)
				}
			}
		})
	}
}
