package load

import (
	"context"
	"fmt"
	"math/rand/v2"
)

// keySize is the size of each key, in bytes.
const keySize = 16

// dataset is all keys with their values. Both are derived from a number, so
// the right reply to each request is known without a table of replies.
type dataset struct {
	language
	keys     int
	min, max int    // sizes of values
	head     []byte // the keys, one after the other
	text     []byte // the values: key i's begins at byte i

	get, stored template          // the get request, and the reply to a put
	valued      map[int]*valuedBy // by the value's size: the messages that contain a value
	fixed       *valuedBy         // if there is only one size
}

// valuedBy holds the templates that depend on a value's size.
type valuedBy struct{ put, found template }

// language encodes and decodes the messages of a protocol.
type language interface {
	getTemplate(key []byte) template
	storedTemplate() template
	putTemplate(key, value []byte) template
	foundTemplate(key, value []byte) template
	// next finds the reply to r at the beginning of data, if it is not simply
	// the expected bytes. It returns the length of the reply (0: it is
	// incomplete) and what is wrong with it, or an error after which the stream
	// is unusable.
	next(d *dataset, data []byte, r request) (n int, wrong, err error)
}

// languages are the languages of the protocols.
var languages = map[Protocol]language{KV: kvLanguage{}, RESP: respLanguage{}, Memcached: memcachedLanguage{}}

// newDataset returns the same data for the same workload, in every process.
// Many keys or sizes take seconds; it returns an error only if ctx is done.
func newDataset(ctx context.Context, w Workload) (*dataset, error) {
	d := &dataset{language: languages[w.Protocol], keys: w.Keys, min: w.MinValue, max: w.MaxValue}
	d.head = make([]byte, 0, d.keys*keySize)
	for i := range d.keys {
		if interrupted(ctx, i) {
			return nil, fmt.Errorf("load: making %d keys: %w", d.keys, ctx.Err())
		}
		d.head = fmt.Appendf(d.head, "key:%0*d", keySize-len("key:"), i)
	}
	// Each character is six random bits. So values of ten bytes or more almost
	// certainly differ from each other, and a value that is cut off or shifted
	// by a byte is detected as wrong.
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	random := rand.New(rand.NewPCG(0, 0))
	d.text = make([]byte, d.keys+d.max)
	for i := range d.text {
		if interrupted(ctx, i) {
			return nil, fmt.Errorf("load: making the values of %d keys: %w", d.keys, ctx.Err())
		}
		d.text[i] = letters[random.IntN(len(letters))]
	}
	d.get, d.stored = d.getTemplate(d.key(0)), d.storedTemplate()
	// All templates are made now, so that none is made during the measurement.
	d.valued = make(map[int]*valuedBy)
	for i := range d.keys {
		if size := d.size(i); d.valued[size] == nil {
			if err := ctx.Err(); err != nil { // each takes as long as copying a value
				return nil, fmt.Errorf("load: making messages of %d sizes: %w", d.max-d.min+1, err)
			}
			key, value := d.key(0), d.text[:size]
			d.valued[size] = &valuedBy{d.putTemplate(key, value), d.foundTemplate(key, value)}
		}
	}
	if d.min == d.max {
		d.fixed = d.valued[d.max]
	}
	return d, nil
}

// interrupted reports whether ctx is done. In a loop with the counter i it checks
// only now and then.
func interrupted(ctx context.Context, i int) bool { return i%(1<<14) == 0 && ctx.Err() != nil }

func (d *dataset) key(i int) []byte   { return d.head[i*keySize : (i+1)*keySize] }
func (d *dataset) value(i int) []byte { return d.text[i : i+d.size(i)] }

// templates returns the templates for a key's value.
func (d *dataset) templates(i int) *valuedBy {
	if d.fixed != nil {
		return d.fixed
	}
	return d.valued[d.size(i)]
}

// size returns the size of a key's value: one of the allowed sizes, chosen by
// a hash of the key's number (Fibonacci hashing, Knuth's TAOCP 3, 6.4).
func (d *dataset) size(i int) int {
	const golden = 0x9e3779b97f4a7c15 // 2^64 / φ
	spread := uint64(i) * golden >> 32
	return d.min + int(spread*uint64(d.max-d.min+1)>>32)
}
