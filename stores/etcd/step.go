package etcd

import (
	"context"
	"fmt"
	"iter"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ioflavors/ioflavors/common/store"
	"github.com/ioflavors/ioflavors/stores/internal/optimistic"
)

// Update implements store.Updater. It permits as many keys as etcd permits operations in a
// transaction, which are 128 unless it is told otherwise.
func (s *Store) Update(keys iter.Seq[[]byte], f func(store.Tx) error) error {
	ctx, end := s.begin()
	defer end()
	entries := optimistic.Keys(keys)
	for {
		revisions, err := s.read(ctx, entries)
		if err != nil {
			return err
		}
		tx := optimistic.NewTx(entries)
		if err := f(tx); err != nil || tx.Changed() == 0 {
			return err
		}
		if done, err := s.change(ctx, entries, revisions); done || err != nil {
			return err
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%w: others changed the keys again and again", store.ErrTimeout)
		}
	}
}

// View implements store.Updater, for as many keys as Update.
func (s *Store) View(keys iter.Seq[[]byte], f func(store.Tx) error) error {
	ctx, end := s.begin()
	defer end()
	entries := optimistic.Keys(keys)
	if _, err := s.read(ctx, entries); err != nil {
		return err
	}
	return f(optimistic.NewTx(entries))
}

// read reads all entries in one step. It returns the revisions in which they changed last;
// that of an absent key is 0.
func (s *Store) read(ctx context.Context, entries []optimistic.Entry) (revisions []int64, err error) {
	gets := make([]clientv3.Op, len(entries))
	for i, e := range entries {
		gets[i] = clientv3.OpGet(s.name(e.Key))
	}
	r, err := s.client.Txn(ctx).Then(gets...).Commit()
	if err != nil {
		return nil, reason(err)
	}
	revisions = make([]int64, len(entries))
	for i := range entries {
		e := &entries[i]
		e.Value, e.Found = nil, false
		if kvs := r.Responses[i].GetResponseRange().Kvs; len(kvs) > 0 {
			e.Value, e.Found, revisions[i] = kvs[0].Value, true, kvs[0].ModRevision
		}
	}
	return revisions, nil
}

// change makes a step's changes if the entries are still of these revisions.
func (s *Store) change(ctx context.Context, entries []optimistic.Entry, revisions []int64) (done bool, err error) {
	same := make([]clientv3.Cmp, len(entries))
	var changes []clientv3.Op
	for i, e := range entries {
		name := s.name(e.Key)
		same[i] = clientv3.Compare(clientv3.ModRevision(name), "=", revisions[i])
		if e.Changed && e.New == nil {
			changes = append(changes, clientv3.OpDelete(name))
		} else if e.Changed {
			changes = append(changes, clientv3.OpPut(name, string(e.New)))
		}
	}
	r, err := s.client.Txn(ctx).If(same...).Then(changes...).Commit()
	if err != nil {
		return false, reason(err)
	}
	return r.Succeeded, nil
}

// Len implements store.Updater.
func (s *Store) Len() (int, error) {
	ctx, end := s.begin()
	defer end()
	r, err := s.client.Get(ctx, s.prefix, clientv3.WithPrefix(), clientv3.WithCountOnly())
	if err != nil {
		return 0, reason(err)
	}
	return int(r.Count), nil
}

// Clear implements store.Updater.
func (s *Store) Clear() error {
	ctx, end := s.begin()
	defer end()
	_, err := s.client.Delete(ctx, s.prefix, clientv3.WithPrefix())
	return reason(err)
}

// Scan implements store.Updater. It goes through the keys in their order.
func (s *Store) Scan() store.Scanner { return &scanner{store: s, next: s.prefix} }

type scanner struct {
	store *Store
	next  string // the step begins with this name, or the one behind it
}

// Next implements store.Scanner.
func (c *scanner) Next(n int, f func(key []byte) bool) (more bool, err error) {
	ctx, end := c.store.begin()
	defer end()
	behind := clientv3.WithRange(clientv3.GetPrefixRangeEnd(c.store.prefix))
	r, err := c.store.client.Get(ctx, c.next, behind, clientv3.WithKeysOnly(), clientv3.WithLimit(int64(n)))
	if err != nil {
		return true, reason(err)
	}
	for _, kv := range r.Kvs {
		if name := string(kv.Key); !f([]byte(name[len(c.store.prefix):])) {
			c.next = name
			return true, nil
		}
		c.next = string(kv.Key) + "\x00"
	}
	return r.More, nil
}
