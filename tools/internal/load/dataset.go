package load

import (
	"context"
	"fmt"
	"math/rand/v2"
)

// keySize is the size of each key, in bytes.
const keySize = 16

// dataset is all keys with their values, both derived from a number, so that
// the right answer to each request is known without a table of answers.
type dataset struct {
	language
	keys     int
	min, max int    // sizes of values
	head     []byte // the keys, one after the other
	text     []byte // the values, each one shifted by a byte against the one before

	get, stored template          // what a get is, and what a put is answered with
	valued      map[int]*valuedBy // by the value's size: what has a value in it
	fixed       *valuedBy         // if there is one size only
}

// valuedBy is the templates that depend on a value's size.
type valuedBy struct{ put, found template }

// language is how messages are written.
type language interface {
	getTemplate(key []byte) template
	storedTemplate() template
	putTemplate(key, value []byte) template
	foundTemplate(key, value []byte) template
	// next finds the reply to r at the beginning of data, where it is not
	// simply the right one. It returns how many bytes it takes (0: it is not
	// whole yet), and what is wrong with it; or an error after which the
	// stream is of no more use.
	next(d *dataset, data []byte, r request) (n int, wrong, err error)
}

// languages are those of the protocols.
var languages = map[Protocol]language{KV: kvLanguage{}, RESP: respLanguage{}, Memcached: memcachedLanguage{}}

// newDataset returns the same data for the same workload, in every process. The
// error is ctx's: many keys or sizes take seconds.
func newDataset(ctx context.Context, w Workload) (*dataset, error) {
	d := &dataset{language: languages[w.Protocol], keys: w.Keys, min: w.MinValue, max: w.MaxValue}
	d.head = make([]byte, 0, d.keys*keySize)
	for i := range d.keys {
		if interrupted(ctx, i) {
			return nil, fmt.Errorf("load: making %d keys: %w", d.keys, ctx.Err())
		}
		d.head = fmt.Appendf(d.head, "key:%0*d", keySize-len("key:"), i)
	}
	// Characters of six random bits: values of ten bytes or more are as good
	// as certain to differ from each other, and a value that is cut off or
	// moved by a byte is a wrong one.
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
	// Made beforehand, so that none is while it is measured.
	d.valued = make(map[int]*valuedBy)
	for i := range d.keys {
		if size := d.size(i); d.valued[size] == nil {
			if err := ctx.Err(); err != nil { // each takes as long as to copy a value
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

// interrupted reports whether ctx is done. It looks now and then in a loop, whose
// turn is i.
func interrupted(ctx context.Context, i int) bool { return i%(1<<14) == 0 && ctx.Err() != nil }

func (d *dataset) key(i int) []byte   { return d.head[i*keySize : (i+1)*keySize] }
func (d *dataset) value(i int) []byte { return d.text[i : i+d.size(i)] }

// templates returns those for a key's value.
func (d *dataset) templates(i int) *valuedBy {
	if d.fixed != nil {
		return d.fixed
	}
	return d.valued[d.size(i)]
}

// size returns the size of a key's value: any of those that may be, by a hash
// of the number (Fibonacci hashing, Knuth's TAOCP 3, 6.4).
func (d *dataset) size(i int) int {
	const golden = 0x9e3779b97f4a7c15 // 2^64 / φ
	spread := uint64(i) * golden >> 32
	return d.min + int(spread*uint64(d.max-d.min+1)>>32)
}
