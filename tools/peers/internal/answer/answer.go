// Package answer is the common part of all peers: it turns received bytes into
// bytes to send. It uses the codec, the handler and the store of the project's
// own servers, so only the I/O differs.
package answer

import (
	"math"
	"slices"
	"sync"

	"github.com/ioflavors/ioflavors/common/kv"
	"github.com/ioflavors/ioflavors/common/store"
)

// MaxFrame is the longest request, body and footer, in bytes: the default of
// the project's own servers.
const MaxFrame = 1 << 20

// Answerer answers requests from a store, as concurrently as the store
// allows.
type Answerer struct{ handler *kv.Handler }

// OnLoops returns an Answerer for a server that answers on its event loops.
// With one loop it needs no locks.
func OnLoops(loops int) *Answerer {
	if loops == 1 {
		return &Answerer{kv.NewHandler(store.New(0))}
	}
	return Concurrent()
}

// Concurrent returns an Answerer for a server that answers on many
// goroutines.
func Concurrent() *Answerer { return &Answerer{kv.NewHandler(store.NewSharded(0))} }

// Append appends to dst the replies to all whole frames at the beginning of
// data, and returns the length of these frames. broken: the bytes behind them
// are no frame. Then out ends with the refusal, and the caller must end the
// connection.
func (a *Answerer) Append(dst, data []byte) (out []byte, n int, broken bool) {
	for {
		out, taken, _, need, err := a.handler.Serve(dst, data[n:], MaxFrame, math.MaxInt)
		dst = slices.Grow(out, need)
		switch n += taken; {
		case taken > 0, need > 0: // there may be more
		case err != nil:
			return a.handler.Refuse(dst, err), n, true
		default:
			return dst, n, false
		}
	}
}

// buffers are for the replies of one read.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// maxBuffer is the largest buffer that is kept for reuse, in bytes.
const maxBuffer = 1 << 20

// Buffer returns an empty buffer; the caller returns it with Free.
func Buffer() *[]byte { return buffers.Get().(*[]byte) }

// Free returns a buffer to the pool. The caller must not use it afterwards.
func Free(b *[]byte) {
	if cap(*b) <= maxBuffer {
		*b = (*b)[:0]
		buffers.Put(b)
	}
}
