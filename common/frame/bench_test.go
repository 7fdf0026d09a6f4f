package frame_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/ioflavors/ioflavors/common/frame"
)

// bodySizes are the sizes of the measured bodies, in bytes: a get, a put of a
// short value, and a put of a long value.
var bodySizes = []int{20, 90, 16 << 10}

func BenchmarkNext(b *testing.B) {
	for _, size := range bodySizes {
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			data := make1(string(make([]byte, size)))
			b.ReportAllocs()
			for b.Loop() {
				if _, n, err := frame.Next(data, len(data)); n != len(data) || err != nil {
					b.Fatal(n, err)
				}
			}
		})
	}
}

// BenchmarkBeginEnd includes copying the body, which is the whole cost of a
// long one.
func BenchmarkBeginEnd(b *testing.B) {
	for _, size := range bodySizes {
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			body := bytes.Repeat([]byte("x"), size)
			buf := make([]byte, 0, size+frame.Overhead)
			b.ReportAllocs()
			for b.Loop() {
				out, mark := frame.Begin(buf)
				_ = frame.End(append(out, body...), mark)
			}
		})
	}
}
