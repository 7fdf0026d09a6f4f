package redis

import (
	"context"
	"maps"
	"slices"

	"github.com/redis/rueidis"

	"github.com/ioflavors/ioflavors/common/store"
)

// masters returns the servers that together have all keys.
func (s *Store) masters(ctx context.Context) (all []rueidis.Client, err error) {
	if s.client.Mode() != rueidis.ClientModeCluster {
		return []rueidis.Client{s.client}, nil
	}
	nodes := s.client.Nodes()
	for _, addr := range slices.Sorted(maps.Keys(nodes)) {
		node := nodes[addr]
		role, err := node.Do(ctx, node.B().Role().Build()).ToArray()
		if err != nil {
			return nil, reason(err)
		}
		if name, err := role[0].ToString(); err == nil && name == "master" {
			all = append(all, node)
		}
	}
	return all, nil
}

// Len implements store.Updater: the number of all keys of the database.
func (s *Store) Len() (n int, err error) {
	ctx, end := s.begin()
	defer end()
	masters, err := s.masters(ctx)
	if err != nil {
		return 0, err
	}
	for _, m := range masters {
		size, err := m.Do(ctx, m.B().Dbsize().Build()).AsInt64()
		if err != nil {
			return 0, reason(err)
		}
		n += int(size)
	}
	return n, nil
}

// Clear implements store.Updater. It removes all keys of the database, also those of other
// programs. In a cluster it is not one step.
func (s *Store) Clear() error {
	ctx, end := s.begin()
	defer end()
	masters, err := s.masters(ctx)
	if err != nil {
		return err
	}
	for _, m := range masters {
		if err := m.Do(ctx, m.B().Flushdb().Build()).Error(); err != nil {
			return reason(err)
		}
	}
	return nil
}

// Scan implements store.Updater. It goes through the servers, and may meet a key twice.
func (s *Store) Scan() store.Scanner { return &scanner{store: s} }

type scanner struct {
	store   *Store
	begun   bool
	masters []rueidis.Client // that are not done
	cursor  uint64           // of the first of them
	keys    []string         // that the function has not taken
}

// Next implements store.Scanner.
func (c *scanner) Next(n int, f func(key []byte) bool) (more bool, err error) {
	ctx, end := c.store.begin()
	defer end()
	if !c.begun {
		if c.masters, err = c.store.masters(ctx); err != nil {
			return true, err
		}
		c.begun = true
	}
	for asked := false; n > 0; {
		for ; len(c.keys) > 0 && n > 0; n-- {
			if !f([]byte(c.keys[0])) {
				return true, nil
			}
			c.keys = c.keys[1:]
		}
		if n == 0 || len(c.masters) == 0 || asked {
			break
		}
		m := c.masters[0]
		step, err := m.Do(ctx, m.B().Scan().Cursor(c.cursor).Count(int64(n)).Build()).AsScanEntry()
		if err != nil {
			return true, reason(err)
		}
		asked = true
		if c.keys, c.cursor = step.Elements, step.Cursor; c.cursor == 0 {
			c.masters = c.masters[1:]
		}
	}
	return len(c.keys) > 0 || len(c.masters) > 0, nil
}
