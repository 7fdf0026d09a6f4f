// Package answer is what all peers have in common: from bytes that have come to
// bytes that are to be sent. It is done with the codec, the handler and the
// store of the project's own servers, so that what differs is the I/O.
package answer

import (
	"math"
	"slices"
	"sync"

	"github.com/ioflavors/ioflavors/common/frame"
	"github.com/ioflavors/ioflavors/common/kv"
	"github.com/ioflavors/ioflavors/common/store"
)

// MaxFrame is how long a request's body and footer may be, in bytes: as long as
// the project's own servers let it be.
const MaxFrame = 1 << 20

// Answerer answers requests from a store, as concurrently as that allows.
type Answerer struct{ handler *kv.Handler }

// OnLoops returns an Answerer for a server that answers on its event loops. One
// loop needs no locks.
func OnLoops(loops int) *Answerer {
	if loops == 1 {
		return &Answerer{kv.NewHandler(store.New(0))}
	}
	return Concurrent()
}

// Concurrent returns one for a server that answers on many goroutines.
func Concurrent() *Answerer { return &Answerer{kv.NewHandler(store.NewSharded(0))} }

// Append appends the replies to all whole frames that data begins with, and
// returns how many bytes those take. broken: what follows them is no frame. That
// is refused in out already, and the connection has to end.
func (a *Answerer) Append(dst, data []byte) (out []byte, n int, broken bool) {
	for {
		out, taken, _, need, err := a.handler.AppendReplies(dst, data[n:], MaxFrame, math.MaxInt)
		dst = slices.Grow(out, need)
		switch n += taken; {
		case taken > 0, need > 0: // there may be more
		case err != nil:
			dst, mark := frame.Begin(dst)
			return frame.End(a.handler.AppendRefusal(dst, err.Error()), mark), n, true
		default:
			return dst, n, false
		}
	}
}

// buffers are for the replies of one turn.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// maxBuffer is how large a buffer is kept for the next turn, in bytes.
const maxBuffer = 1 << 20

// Buffer returns a buffer that is empty, to be given back by Free.
func Buffer() *[]byte { return buffers.Get().(*[]byte) }

// Free gives a buffer back, whose content is worth nothing from then on.
func Free(b *[]byte) {
	if cap(*b) <= maxBuffer {
		*b = (*b)[:0]
		buffers.Put(b)
	}
}
