// Package optimistic has the steps of stores that other processes keep: read the keys, let
// the step compute its changes here, and make them there if nobody has changed the keys
// meanwhile. If somebody has, begin anew.
package optimistic

import (
	"bytes"
	"errors"
	"iter"

	"github.com/ioflavors/ioflavors/common/store"
)

// Entry is a key, its value, and what a step wants it to be.
type Entry struct {
	Key   []byte
	Value []byte
	Found bool
	// Changed: New is the value to put, or the key must be deleted if New is nil.
	Changed bool
	New     []byte
}

// Keys returns an entry for each key, once.
func Keys(keys iter.Seq[[]byte]) (all []Entry) {
	seen := make(map[string]bool)
	for key := range keys {
		if !seen[string(key)] {
			seen[string(key)] = true
			all = append(all, Entry{Key: bytes.Clone(key)})
		}
	}
	return all
}

// Tx is the store.Tx of a step over entries that have been read.
type Tx struct {
	entries []Entry
	at      map[string]int
}

var _ store.Tx = (*Tx)(nil)

// NewTx returns a Tx that notes its changes in the entries.
func NewTx(entries []Entry) *Tx {
	t := &Tx{entries, make(map[string]int, len(entries))}
	for i := range entries {
		entries[i].Changed, entries[i].New = false, nil
		t.at[string(entries[i].Key)] = i
	}
	return t
}

var errForeign = errors.New("a step changes a key that it has not named")

// Get implements store.Tx.
func (t *Tx) Get(key []byte) (value []byte, found bool, err error) {
	i, ok := t.at[string(key)]
	if !ok {
		return nil, false, errForeign
	}
	if e := &t.entries[i]; !e.Changed {
		return e.Value, e.Found, nil
	} else {
		return e.New, e.New != nil, nil
	}
}

func (t *Tx) set(key, value []byte) error {
	i, ok := t.at[string(key)]
	if !ok {
		return errForeign
	}
	t.entries[i].Changed, t.entries[i].New = true, value
	return nil
}

// Put implements store.Tx.
func (t *Tx) Put(key, value []byte) error {
	return t.set(key, append(make([]byte, 0, len(value)), value...))
}

// PutAll implements store.Tx.
func (t *Tx) PutAll(pairs iter.Seq2[[]byte, []byte]) error {
	for key, value := range pairs {
		if err := t.Put(key, value); err != nil {
			return err
		}
	}
	return nil
}

// Append implements store.Tx. Its time grows with the value, because all of it is sent.
func (t *Tx) Append(key, suffix []byte) (length int, err error) {
	old, _, err := t.Get(key)
	if err != nil {
		return 0, err
	}
	value := append(append(make([]byte, 0, len(old)+len(suffix)), old...), suffix...)
	return len(value), t.set(key, value)
}

// Delete implements store.Tx.
func (t *Tx) Delete(key []byte) (found bool, err error) {
	if _, found, err = t.Get(key); found {
		err = t.set(key, nil)
	}
	return found, err
}

// Changed returns how many entries the step has changed.
func (t *Tx) Changed() (n int) {
	for _, e := range t.entries {
		if e.Changed {
			n++
		}
	}
	return n
}
