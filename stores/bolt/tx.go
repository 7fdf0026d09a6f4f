package bolt

import (
	"iter"

	"go.etcd.io/bbolt"

	"github.com/ioflavors/ioflavors/common/store"
)

// tx is a transaction, as a store.Tx. Its changes are kept with those of others, or none
// of them.
type tx struct {
	bolt   *bbolt.Tx // nil in a view
	bucket *bbolt.Bucket
	added  int64 // entries
}

// Get implements store.Tx.
func (x *tx) Get(key []byte) (value []byte, found bool, err error) {
	value = x.bucket.Get(prefixed(key))
	return value, value != nil, nil
}

// put puts what belongs to the transaction: a name, and a value that is not nil.
func (x *tx) put(name, value []byte) error {
	if x.bucket.Get(name) == nil {
		x.added++
	}
	return x.bucket.Put(name, value)
}

// Put implements store.Tx.
func (x *tx) Put(key, value []byte) error {
	name, value, err := kept(key, value)
	if err != nil {
		return err
	}
	return x.put(name, value)
}

// PutAll implements store.Tx.
func (x *tx) PutAll(pairs iter.Seq2[[]byte, []byte]) error {
	for key, value := range pairs {
		if err := tooLong(key, value); err != nil {
			return err
		}
	}
	for key, value := range pairs {
		if err := x.Put(key, value); err != nil {
			return err
		}
	}
	return nil
}

// Append implements store.Tx. Unlike a store in memory it copies the value, because
// bbolt writes the pages of the whole value.
func (x *tx) Append(key, suffix []byte) (length int, err error) {
	name := prefixed(key)
	old := x.bucket.Get(name)
	value := append(append(make([]byte, 0, len(old)+len(suffix)), old...), suffix...)
	if err := tooLong(key, value); err != nil {
		return 0, err
	}
	return len(value), x.put(name, value)
}

// Delete implements store.Tx.
func (x *tx) Delete(key []byte) (found bool, err error) {
	name := prefixed(key)
	if x.bucket.Get(name) == nil {
		return false, nil
	}
	x.added--
	return true, x.bucket.Delete(name)
}

var _ store.Tx = (*tx)(nil)
