package bolt

import (
	"bytes"
	"iter"
	"time"

	"go.etcd.io/bbolt"

	"github.com/ioflavors/ioflavors/common/store"
)

// view calls f with the entries as they were at one moment.
func (s *Store) view(f func(*bbolt.Bucket) error) error {
	defer s.Took(time.Now())
	return reason(s.db.View(func(tx *bbolt.Tx) error { return f(tx.Bucket(bucket)) }))
}

// Append implements store.Store.
func (s *Store) Append(dst, key []byte) (out []byte, found bool, err error) {
	err = s.view(func(b *bbolt.Bucket) error {
		value := b.Get(prefixed(key))
		dst, found = append(dst, value...), value != nil
		return nil
	})
	return dst, found, err
}

// AppendFit implements store.Fitter.
func (s *Store) AppendFit(dst, key []byte) (out []byte, found bool, need int, err error) {
	err = s.view(func(b *bbolt.Bucket) error {
		value := b.Get(prefixed(key))
		if found = value != nil; cap(dst)-len(dst) < len(value) {
			need = len(value)
			return nil
		}
		dst = append(dst, value...)
		return nil
	})
	return dst, found, need, err
}

// GetAll implements store.Batcher: all values are of one moment.
func (s *Store) GetAll(ops []store.Op) {
	err := s.view(func(b *bbolt.Bucket) error {
		for i := range ops {
			value := b.Get(prefixed(ops[i].Key))
			ops[i].Value, ops[i].Found = bytes.Clone(value), value != nil
		}
		return nil
	})
	for i := range ops {
		ops[i].Err = err
	}
}

// View implements store.Updater.
func (s *Store) View(_ iter.Seq[[]byte], f func(store.Tx) error) error {
	return s.view(func(b *bbolt.Bucket) error { return f(&tx{bucket: b}) })
}

// Len implements store.Updater.
func (s *Store) Len() (n int, err error) {
	err = s.view(func(b *bbolt.Bucket) error {
		n = int(b.Sequence())
		return nil
	})
	return n, err
}

// Scan implements store.Updater. It goes through the keys in their order.
func (s *Store) Scan() store.Scanner { return &scanner{store: s, next: prefixed(nil)} }

type scanner struct {
	store *Store
	next  []byte // the step begins with this name, or the one behind it
}

// Next implements store.Scanner.
func (c *scanner) Next(n int, f func(key []byte) bool) (more bool, err error) {
	err = c.store.view(func(b *bbolt.Bucket) error {
		cursor := b.Cursor()
		name, _ := cursor.Seek(c.next)
		for ; name != nil && n > 0 && f(name[1:]); n-- {
			name, _ = cursor.Next()
		}
		if more = name != nil; more {
			c.next = bytes.Clone(name)
		}
		return nil
	})
	return more, err
}
