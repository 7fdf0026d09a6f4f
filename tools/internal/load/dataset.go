package load

import (
	"fmt"
	"math/rand/v2"

	"github.com/ioflavors/ioflavors/common/kv"
)

// keySize is the size of each key, in bytes.
const keySize = 16

// dataset is all keys with their values, both derived from a number, so that
// the right answer to each request is known without a table of answers.
type dataset struct {
	keys int
	size int    // of a value
	head []byte // the keys, one after the other
	text []byte // the values, each one shifted by a byte against the one before

	get, put template // requests
	found    template // what a get is answered with
	stored   template // what a put is answered with
}

// newDataset returns the same data for the same arguments, in every process.
func newDataset(w Workload) *dataset {
	keys, valueSize := w.Keys, w.MaxValue
	d := &dataset{keys: keys, size: valueSize}
	for i := range keys {
		d.head = fmt.Appendf(d.head, "key:%0*d", keySize-len("key:"), i)
	}
	// Characters of six random bits: values of ten bytes or more are as good
	// as certain to differ from each other, and a value that is cut off or
	// moved by a byte is a wrong one.
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	random := rand.New(rand.NewPCG(0, 0))
	d.text = make([]byte, keys+valueSize)
	for i := range d.text {
		d.text[i] = letters[random.IntN(len(letters))]
	}
	d.get = newTemplate(kv.Message{Kind: kv.Get, Key: d.key(0)})
	d.put = newTemplate(kv.Message{Kind: kv.PutOrUpdate, Key: d.key(0), Value: d.value(0)})
	d.found = newTemplate(d.right(request{}))
	d.stored = newTemplate(d.right(request{put: true}))
	return d
}

func (d *dataset) key(i int) []byte   { return d.head[i*keySize : (i+1)*keySize] }
func (d *dataset) value(i int) []byte { return d.text[i : i+d.size] }
