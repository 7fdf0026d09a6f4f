package generator

import (
	"fmt"
	"testing"
	"time"

	"github.com/ioflavors/ioflavors/common/kv"
	"github.com/ioflavors/ioflavors/common/store"
	"github.com/ioflavors/ioflavors/tools/internal/generator/dataset"
)

// BenchmarkPipeline is the generator's work for one request, without system calls: draw
// it, encode it, match its reply and count it. depth requests go together.
func BenchmarkPipeline(b *testing.B) {
	for _, depth := range []int{1, 16} {
		b.Run(fmt.Sprintf("depth=%d", depth), func(b *testing.B) {
			const keys = 100
			codec := codecOf(sized(keys, 64))
			h := kv.NewHandler(store.New(0))
			full := newPipeline(codec, keys)
			answerAll(h, nil, fillUp(&full, nil, dataset.Fill(keys), 0))
			// Gets of one size: each reply is as long as the others, but has another key.
			replies := make([][]byte, keys)
			for key := range replies {
				replies[key] = answerAll(h, nil, codec.AppendRequest(nil, dataset.Request{Key: key}))
			}
			w := sized(keys, 64)
			mix := mixOf(w, 1)
			g := &generator{cfg: Config{Workload: w}, source: mix, window: newWindow(time.Second), clock: time.Now()}
			g.window.open = true
			p := newPipeline(codec, depth)
			var requests, read []byte
			b.ReportAllocs()
			for range b.N / depth {
				requests, read = requests[:0], read[:0]
				for p.room() > 0 {
					r := request{}
					r.Request, _ = g.source.Next(nil)
					requests = p.appendRequest(requests, r)
					read = append(read, replies[r.Key]...)
				}
				if err := g.feed(&p, read); err != nil {
					b.Fatal(err)
				}
			}
			if g.errors.Count() > 0 {
				b.Fatal(g.errors.Err())
			}
		})
	}
}
