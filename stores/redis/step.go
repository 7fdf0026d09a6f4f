package redis

import (
	"context"
	"fmt"
	"iter"

	"github.com/redis/rueidis"

	"github.com/ioflavors/ioflavors/common/store"
	"github.com/ioflavors/ioflavors/stores/internal/optimistic"
)

// exchange changes keys if they still have the values that a step has read. For each key
// it gets what was read ("=" before the value, or "" for an absent key), and what to do: "+"
// before the new value, "-" to delete the key, "" to leave it.
var exchange = rueidis.NewLuaScript(`
for i, key in ipairs(KEYS) do
	local now, want = redis.call('GET', key), ARGV[2 * i - 1]
	if now then
		if #want ~= #now + 1 or string.sub(want, 2) ~= now then return 0 end
	elseif want ~= '' then
		return 0
	end
end
for i, key in ipairs(KEYS) do
	local change = ARGV[2 * i]
	local kind = string.sub(change, 1, 1)
	if kind == '+' then
		redis.call('SET', key, string.sub(change, 2))
	elseif kind == '-' then
		redis.call('DEL', key)
	end
end
return 1
`)

// Update implements store.Updater. In a cluster the keys must lie in one slot; otherwise
// it returns store.ErrApart.
func (s *Store) Update(keys iter.Seq[[]byte], f func(store.Tx) error) error {
	return s.step(keys, f, func(ctx context.Context, entries []optimistic.Entry) (done bool, err error) {
		names, args := make([]string, 0, len(entries)), make([]string, 0, 2*len(entries))
		for _, e := range entries {
			names = append(names, string(e.Key))
			want, change := "", ""
			if e.Found {
				want = "=" + string(e.Value)
			}
			if e.Changed && e.New == nil {
				change = "-"
			} else if e.Changed {
				change = "+" + string(e.New)
			}
			args = append(args, want, change)
		}
		n, err := exchange.Exec(ctx, s.client, names, args).AsInt64()
		return n == 1, reason(err)
	})
}

// View implements store.Updater, for keys as those of Update.
func (s *Store) View(keys iter.Seq[[]byte], f func(store.Tx) error) error {
	return s.step(keys, f, nil)
}

// step reads the keys, has f compute, and makes its changes, until nobody has changed the
// keys meanwhile.
func (s *Store) step(keys iter.Seq[[]byte], f func(store.Tx) error, change func(context.Context, []optimistic.Entry) (bool, error)) error {
	ctx, end := s.begin()
	defer end()
	entries := optimistic.Keys(keys)
	if s.apart(entries) {
		return store.ErrApart
	}
	for {
		if err := s.read(ctx, entries); err != nil {
			return err
		}
		tx := optimistic.NewTx(entries)
		if err := f(tx); err != nil || tx.Changed() == 0 {
			return err
		}
		if done, err := change(ctx, entries); done || err != nil {
			return err
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%w: others changed the keys again and again", store.ErrTimeout)
		}
	}
}

// apart reports whether the entries lie in several slots of a cluster.
func (s *Store) apart(entries []optimistic.Entry) bool {
	if s.client.Mode() != rueidis.ClientModeCluster || len(entries) < 2 {
		return false
	}
	for _, e := range entries[1:] {
		first, other := s.get(entries[0].Key), s.get(e.Key)
		if first.Slot() != other.Slot() {
			return true
		}
	}
	return false
}

// read reads all entries in one step.
func (s *Store) read(ctx context.Context, entries []optimistic.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	mget := s.client.B().Mget().Key(string(entries[0].Key))
	for _, e := range entries[1:] {
		mget = mget.Key(string(e.Key))
	}
	values, err := s.client.Do(ctx, mget.Build()).ToArray()
	if err != nil {
		return reason(err)
	}
	if len(values) != len(entries) {
		return fmt.Errorf("MGET of %d keys answered %d values", len(entries), len(values))
	}
	for i := range entries {
		e := &entries[i]
		e.Value, e.Found = nil, !values[i].IsNil()
		if e.Found {
			if e.Value, err = values[i].AsBytes(); err != nil {
				return reason(err)
			}
		}
	}
	return nil
}
