package kvclient

import (
	"bytes"
	"testing"
	"testing/iotest"

	"github.com/ioflavors/ioflavors/common/kv"
)

// FuzzReplies reads any bytes that a server could send. The reader must not panic, must
// not allocate for a length that is only announced, and must return the same messages
// however the bytes are cut.
func FuzzReplies(f *testing.F) {
	f.Add([]byte("\x07\x00\x00\x00\x18\x03@EOF@"))
	f.Add([]byte("\x1b\x00\x00\x00\x0a\x08DiskType\x12\x08NVMe SSD\x18\x02@EOF@\x07\x00\x00\x00\x18\x03@EOF@"))
	f.Add([]byte("\xff\xff\x0f\x00"))
	f.Add([]byte("\x04\x00\x00\x00@EOF@"))
	f.Fuzz(func(t *testing.T, data []byte) {
		const limit = 1 << 20
		whole := replyReader{r: bytes.NewReader(data), limit: limit}
		cut := replyReader{r: iotest.OneByteReader(bytes.NewReader(data)), limit: limit}
		for {
			a, errA := whole.next()
			a.Key, a.Value = bytes.Clone(a.Key), bytes.Clone(a.Value)
			b, errB := cut.next()
			if (errA == nil) != (errB == nil) {
				t.Fatalf("in one piece: %v; byte by byte: %v", errA, errB)
			}
			if errA != nil {
				break
			}
			if !bytes.Equal(a.Key, b.Key) || !bytes.Equal(a.Value, b.Value) || a.Kind != b.Kind || a.Status != b.Status {
				t.Fatalf("in one piece: %v; byte by byte: %v", a, b)
			}
			for _, r := range []request{{kind: kv.Get, key: string(a.Key)}, {kind: kv.PutOrUpdate}} {
				_, _ = r.check(a)
			}
		}
		if most := 4*len(data) + 64<<10; len(whole.buf) > most {
			t.Fatalf("%d bytes of buffer for %d bytes", len(whole.buf), len(data))
		}
	})
}
