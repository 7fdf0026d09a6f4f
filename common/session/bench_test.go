package session_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ioflavors/ioflavors/common/kv"
	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/common/store"
)

// turn has a client's requests, all sent at once, and a session that answers
// them from a store.
type turn struct {
	s     *session.Session
	parts [][]byte // as they arrive
}

// newTurn makes a turn of depth requests. If split, the last request arrives in
// two parts.
func newTurn(op string, depth int, split bool) *turn {
	cfg := config()
	cfg.Protocol = kv.NewHandler(store.New(0))
	s := session.New(cfg)

	put := kv.Message{Key: []byte("key:000000000007"), Value: []byte(strings.Repeat("v", 64)), Kind: kv.PutOrUpdate}
	ask := put
	if op == "get" {
		ask = kv.Message{Key: put.Key, Kind: kv.Get}
	}
	encode := func(m kv.Message) []byte { return stream(string(kv.AppendMessage(nil, m))) }
	one := encode(ask)
	var in []byte
	for range depth {
		in = append(in, one...)
	}
	t := &turn{s: &s, parts: [][]byte{in}}
	if split {
		cut := len(in) - len(one)/2
		t.parts = [][]byte{in[:cut], in[cut:]}
	}

	s.Feed(encode(put)) // the gets find this value
	s.Sent(len(s.Output()))
	t.run() // afterwards the pool has buffers to lend again
	return t
}

// run feeds the requests, and takes the replies after each part, as a server
// does.
func (t *turn) run() {
	for _, part := range t.parts {
		t.s.Feed(part)
		t.s.Sent(len(t.s.Output()))
	}
}

func BenchmarkSession(b *testing.B) {
	for _, op := range []string{"get", "put"} {
		for _, depth := range []int{1, 16} {
			for _, arrival := range []string{"whole", "split"} {
				b.Run(fmt.Sprintf("op=%s/depth=%d/arrival=%s", op, depth, arrival), func(b *testing.B) {
					t := newTurn(op, depth, arrival == "split")
					b.ReportAllocs()
					for b.Loop() {
						t.run()
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*depth), "ns/request")
				})
			}
		}
	}
}
