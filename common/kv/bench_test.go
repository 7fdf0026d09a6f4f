package kv_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/ioflavors/ioflavors/common/kv"
	kvpb "github.com/ioflavors/ioflavors/common/proto/ioflavors/kv/v1"
	"github.com/ioflavors/ioflavors/common/store"
)

const benchmarkKey = "key:000000000007"

// benchmarkMessages runs a benchmark with a get, and with puts of values of three
// sizes.
func benchmarkMessages(b *testing.B, run func(b *testing.B, m kv.Message)) {
	get := kv.Message{Key: []byte(benchmarkKey), Kind: kv.Get}
	b.Run("op=get/value=0", func(b *testing.B) { run(b, get) })
	for _, size := range []int{64, 1 << 10, 16 << 10} {
		put := kv.Message{Key: []byte(benchmarkKey), Value: []byte(strings.Repeat("v", size)), Kind: kv.PutOrUpdate}
		b.Run(fmt.Sprintf("op=put/value=%d", size), func(b *testing.B) { run(b, put) })
	}
}

// BenchmarkParse compares Parse with the protobuf library, which makes a new message
// each time.
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

// BenchmarkParseUnusual parses 1 MiB that no encoder writes, with as many fields as
// MaxFields allows. A client can send that, and a loop's other clients wait while it is
// parsed. It also measures, for comparison, the text of a put, which must be checked
// for UTF-8, and a copy.
func BenchmarkParseUnusual(b *testing.B) {
	const size = 1 << 20
	fill := func(fields []byte) []byte {
		head := size - len(fields) - 8 // one more field, for the rest of the bytes
		return append(protowire.AppendBytes(append(fields, 5<<3|2), make([]byte, head)), 5<<3, 0)
	}
	repeat := func(fields string, tags int) []byte {
		return fill(bytes.Repeat([]byte(fields), kv.MaxFields/tags-2))
	}
	random := rand.New(rand.NewPCG(1, 2))
	var mixed []byte
	for range kv.MaxFields/2 - 2 { // neighbouring fields may differ in kind
		mixed = append(mixed, [][]byte{
			{5 << 3, 0}, {5 << 3, 0x80, 1}, {5<<3 | 2, 1, 'x'}, {5<<3 | 5, 1, 2, 3, 4}, {0x80 | 5<<3, 1, 0},
			{5<<3 | 3, 5<<3 | 4}, {1<<3 | 2, 0}, {3 << 3, 0}, {4 << 3, 0x81, 0x82, 0},
		}[random.IntN(9)]...)
	}
	for _, c := range []struct {
		fields string
		body   []byte
	}{
		{"varints", repeat("\x28\x00", 1)},
		{"two-byte-tags", repeat("\x80\x01\x00", 1)},
		{"long-varints", repeat("\x28\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 1)},
		{"texts", repeat("\x2a\x01x", 1)},
		{"empty-groups", repeat("\x2b\x2c", 2)},
		{"keys", repeat("\x0a\x00", 1)},
		{"kinds", repeat("\x18\x01", 1)},
		{"mixed", fill(mixed)},
		{"put-of-ascii", request(kv.PutOrUpdate, "k", strings.Repeat("v", size))},
		{"put-of-cyrillic", request(kv.PutOrUpdate, "k", strings.Repeat("ж", size/2))},
	} {
		b.Run("fields="+c.fields, func(b *testing.B) {
			b.Run("by=kv", func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(c.body)))
				for b.Loop() {
					if _, err := kv.Parse(c.body); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run("by=protobuf", func(b *testing.B) {
				var parsed kvpb.KeyValueMessage
				b.ReportAllocs()
				b.SetBytes(int64(len(c.body)))
				for b.Loop() {
					if err := proto.Unmarshal(c.body, &parsed); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
	b.Run("copy", func(b *testing.B) {
		from, to := fill(mixed), make([]byte, size)
		b.SetBytes(size)
		for b.Loop() {
			copy(to, from)
		}
	})
}

// BenchmarkAppendMessage compares AppendMessage with the protobuf library, which reuses
// a buffer (MarshalAppend) or makes a new one (Marshal).
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

// BenchmarkAppendReply measures a whole answer: parsing the request, asking the store,
// encoding the reply. There is one key, so its value is in the cache.
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
