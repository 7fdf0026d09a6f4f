package kv_test

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/ioflavors/ioflavors/common/kv"
	kvpb "github.com/ioflavors/ioflavors/common/proto/ioflavors/kv/v1"
	"github.com/ioflavors/ioflavors/common/store"
)

const benchmarkKey = "key:000000000007"

// benchmarkMessages runs a benchmark with a get, and with puts of values of
// three sizes.
func benchmarkMessages(b *testing.B, run func(b *testing.B, m kv.Message)) {
	get := kv.Message{Key: []byte(benchmarkKey), Kind: kv.Get}
	b.Run("op=get/value=0", func(b *testing.B) { run(b, get) })
	for _, size := range []int{64, 1 << 10, 16 << 10} {
		put := kv.Message{Key: []byte(benchmarkKey), Value: []byte(strings.Repeat("v", size)), Kind: kv.PutOrUpdate}
		b.Run(fmt.Sprintf("op=put/value=%d", size), func(b *testing.B) { run(b, put) })
	}
}

// BenchmarkParse compares Parse with the protobuf library, which makes a new
// message of each.
func BenchmarkParse(b *testing.B) {
	benchmarkMessages(b, func(b *testing.B, m kv.Message) {
		body := kv.AppendMessage(nil, m)
		b.Run("by=kv", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := kv.Parse(body); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("by=protobuf", func(b *testing.B) {
			var parsed kvpb.KeyValueMessage
			b.ReportAllocs()
			for b.Loop() {
				if err := proto.Unmarshal(body, &parsed); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
}

// BenchmarkAppendMessage compares AppendMessage with the protobuf library,
// which is asked to use a buffer again (MarshalAppend), and to make a new one
// (Marshal).
func BenchmarkAppendMessage(b *testing.B) {
	benchmarkMessages(b, func(b *testing.B, m kv.Message) {
		library := &kvpb.KeyValueMessage{Key: string(m.Key), Value: string(m.Value), Kind: m.Kind}
		buf := kv.AppendMessage(nil, m)
		b.Run("by=kv", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = kv.AppendMessage(buf[:0], m)
			}
		})
		b.Run("by=protobuf-append", func(b *testing.B) {
			var options proto.MarshalOptions
			b.ReportAllocs()
			for b.Loop() {
				if _, err := options.MarshalAppend(buf[:0], library); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("by=protobuf", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := proto.Marshal(library); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
}

// BenchmarkAppendReply measures a whole answer: the request is read, the store
// asked, the reply written. There is one key, so its value is in the cache.
func BenchmarkAppendReply(b *testing.B) {
	for _, size := range []int{64, 1 << 10, 16 << 10} {
		h := kv.NewHandler(store.New(0))
		put := request(kv.PutOrUpdate, benchmarkKey, strings.Repeat("v", size))
		for _, c := range []struct {
			op      string
			request []byte
		}{{"get", request(kv.Get, benchmarkKey, "")}, {"put", put}} {
			b.Run(fmt.Sprintf("op=%s/value=%d", c.op, size), func(b *testing.B) {
				buf := make([]byte, 0, size+64)
				h.AppendReply(buf, put)
				b.ReportAllocs()
				for b.Loop() {
					h.AppendReply(buf, c.request)
				}
			})
		}
	}
}
