// Package dataset holds the keys of a workload with their values, and decides which
// request is next. It knows nothing of bytes on a connection, or of time.
package dataset

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// KeySize is the size of each key, in bytes: KeyPrefix and the key's number.
const (
	KeySize   = 16
	KeyPrefix = "key:"
)

// Dataset is all keys with their values. Both are derived from a number, so
// the right reply to each request is known without a table of replies.
type Dataset struct {
	Keys               int // the keys' numbers are 0 to Keys-1
	MinValue, MaxValue int // the sizes of values, in bytes

	keys   []byte // one after the other
	values []byte // key i's begins at byte i
}

// New returns the same data for the same workload, in every process. Many keys
// take seconds; New returns an error only if ctx is done.
func New(ctx context.Context, w load.Workload) (*Dataset, error) {
	d := &Dataset{Keys: w.Keys, MinValue: w.MinValue, MaxValue: w.MaxValue}
	d.keys = make([]byte, 0, d.Keys*KeySize)
	for i := range d.Keys {
		if interrupted(ctx, i) {
			return nil, fmt.Errorf("load: making %d keys: %w", d.Keys, ctx.Err())
		}
		d.keys = fmt.Appendf(d.keys, "%s%0*d", KeyPrefix, KeySize-len(KeyPrefix), i)
	}
	// Each character is six random bits. So values of ten bytes or more almost
	// certainly differ from each other, and a value that is cut off or shifted
	// by a byte is detected as wrong.
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	random := rand.New(rand.NewPCG(0, 0))
	d.values = make([]byte, d.Keys+d.MaxValue)
	for i := range d.values {
		if interrupted(ctx, i) {
			return nil, fmt.Errorf("load: making the values of %d keys: %w", d.Keys, ctx.Err())
		}
		d.values[i] = letters[random.IntN(len(letters))]
	}
	return d, nil
}

// interrupted reports whether ctx is done. In a loop with the counter i it checks
// only now and then.
func interrupted(ctx context.Context, i int) bool { return i%(1<<14) == 0 && ctx.Err() != nil }

// Key returns a key, which the caller must not change.
func (d *Dataset) Key(i int) []byte { return d.keys[i*KeySize : (i+1)*KeySize] }

// Value returns a key's value, which the caller must not change.
func (d *Dataset) Value(i int) []byte { return d.values[i : i+d.ValueSize(i)] }

// SampleValue returns a value of the given size, which may be no key's value.
func (d *Dataset) SampleValue(size int) []byte { return d.values[:size] }

// ValueSize returns the size of a key's value: one of the allowed sizes, chosen by
// a hash of the key's number (Fibonacci hashing, Knuth's TAOCP 3, 6.4).
func (d *Dataset) ValueSize(i int) int {
	const golden = 0x9e3779b97f4a7c15 // 2^64 / φ
	spread := uint64(i) * golden >> 32
	return d.MinValue + int(spread*uint64(d.MaxValue-d.MinValue+1)>>32)
}
