package server

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ioflavors/ioflavors/common/kv"
)

// noTransport is a Transport that does nothing.
type noTransport struct{}

func (noTransport) SetTimer(time.Duration) {}
func (noTransport) Interrupt()             {}
func (noTransport) CloseWrite() error      { return nil }

// BenchmarkConn measures a model's work for requests without system calls: it
// feeds the input, and counts the output as written.
func BenchmarkConn(b *testing.B) {
	const keys = 10_000
	value := make([]byte, 64)
	for i := range value {
		value[i] = 'v'
	}
	for _, op := range []struct {
		name    string
		request kv.Message
	}{
		{"get", kv.Message{Kind: kv.Get}},
		{"put", kv.Message{Kind: kv.PutOrUpdate, Value: value}},
	} {
		for _, depth := range []int{1, 16} {
			b.Run(fmt.Sprintf("op=%s/depth=%d", op.name, depth), func(b *testing.B) {
				core := NewCore(Config{}, Traits{}, 1)
				lane := core.Lane(0)
				var c Conn
				lane.Tick()
				lane.Open(&c, noTransport{}, core.Admit())
				var batches [][]byte // of depth requests for keys in random order
				order := rand.New(rand.NewPCG(1, 2)).Perm(keys)
				for i := range keys / depth {
					var batch []byte
					for _, k := range order[i*depth : (i+1)*depth] {
						m := op.request
						m.Key = fmt.Appendf(nil, "key:%012d", k)
						fill := kv.Message{Kind: kv.PutOrUpdate, Key: m.Key, Value: value}
						feed(&c, encode(nil, fill))
						batch = encode(batch, m)
					}
					batches = append(batches, batch)
				}
				b.ReportAllocs()
				b.ResetTimer()
				for i := 0; i < b.N; i += depth {
					lane.Tick()
					feed(&c, batches[i/depth%len(batches)])
				}
			})
		}
	}
}

func encode(dst []byte, m kv.Message) []byte {
	return kv.AppendFrame(dst, m)
}

func feed(c *Conn, batch []byte) {
	c.HandleRead(copy(c.Buffer(), batch), nil)
	c.HandleWrite(len(c.Output()), nil)
}
