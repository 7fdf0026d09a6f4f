// Package buffer lends byte buffers of a few sizes, and counts the bytes that are lent.
//
// A connection keeps its incomplete frame and its unsent replies in such buffers; an
// idle connection holds none. A server's memory limit bounds the sum of the lent bytes.
package buffer

import (
	"math/bits"
	"sync"
	"sync/atomic"
	"unsafe"
)

// Buffers have sizes of smallest << class bytes, 1 KiB to 16 MiB. So a buffer is at
// most twice as large as needed, or 1 KiB.
const (
	smallest = 1 << 10
	classes  = 15
)

// The last sixteenth of the limit is reserved for buffers of at most 4 KiB, so that
// clients that need little are served even when others have taken everything else.
const (
	small   = 4 << 10
	reserve = 16
)

// Pool lends buffers. It is safe for concurrent use. It allocates only when it has no
// returned buffer of the right size; the garbage collector takes returned buffers that
// are not borrowed for a while.
type Pool struct {
	limit int64
	lent  atomic.Int64
	free  [classes]sync.Pool
}

// NewPool returns a pool that lends up to limit bytes at a time.
func NewPool(limit int64) *Pool { return &Pool{limit: limit} }

// Lent returns how many bytes are lent at present.
func (p *Pool) Lent() int64 { return p.lent.Load() }

// Ample reports whether at least three quarters of the limit are free.
func (p *Pool) Ample() bool { return p.lent.Load() <= p.limit/4 }

// Get lends an empty buffer with room for size bytes. It returns nil if that would
// exceed the limit, or if a buffer above 4 KiB would use the part that is reserved for
// small ones.
func (p *Pool) Get(size int) []byte {
	class := classFor(size)
	if class == classes {
		if !p.charge(size) {
			return nil
		}
		return make([]byte, 0, size)
	}
	room := smallest << class
	if !p.charge(room) {
		return nil
	}
	if first, ok := p.free[class].Get().(*byte); ok {
		return unsafe.Slice(first, room)[:0]
	}
	return make([]byte, 0, room)
}

// Put takes back a buffer that Get or Grow lent. The caller must not use any part of it
// afterwards.
func (p *Pool) Put(b []byte) {
	p.lent.Add(-int64(cap(b)))
	if class := classFor(cap(b)); class < classes && cap(b) == smallest<<class {
		// The pointer to the first byte stands for the buffer, because a pointer fits
		// into an interface without an allocation; a slice does not.
		p.free[class].Put(unsafe.SliceData(b))
	}
}

// Grow returns b with room for size more bytes: b itself, or a larger buffer with b's
// content, in which case it takes b back. If the limit forbids that, Grow returns nil
// and leaves b unchanged. A nil b counts as an empty one.
func (p *Pool) Grow(b []byte, size int) []byte {
	if b != nil && cap(b)-len(b) >= size {
		return b
	}
	larger := p.Get(len(b) + size)
	if larger == nil {
		return nil
	}
	larger = append(larger, b...)
	if b != nil {
		p.Put(b)
	}
	return larger
}

func (p *Pool) charge(size int) bool {
	limit := p.limit
	if size > small {
		limit -= limit / reserve
	}
	if p.lent.Add(int64(size)) <= limit {
		return true
	}
	p.lent.Add(-int64(size))
	return false
}

// classFor returns the smallest class with room for size bytes, or classes if none is
// large enough.
func classFor(size int) int {
	if size <= smallest {
		return 0
	}
	return min(classes, bits.Len(uint(size-1)/smallest))
}
