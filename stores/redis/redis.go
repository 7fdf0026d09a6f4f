// Package redis is a store in a Redis or a Redis Cluster, by github.com/redis/rueidis.
// Entries are strings under their own keys, so other clients of Redis see them.
//
// Requests that are under way at the same time share connections and round trips, and
// those of a batch are one round trip to each server. A connection that breaks is made
// anew by the next operation.
//
// Redis acknowledges a put before its replicas have it, and, as it is usually configured,
// before its disk has it. A failover may lose what was acknowledged in the last moments,
// and so may a crash. docs/stores.md says more.
package redis

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/redis/rueidis"

	"github.com/ioflavors/ioflavors/common/store"
)

// DefaultTimeout is how long an operation waits if Config does not say.
const DefaultTimeout = time.Second

// Config is the configuration of a Store.
type Config struct {
	// Addrs are host:port of a Redis, or of some servers of a Redis Cluster, which name
	// the others. At least one of them must answer when the store is opened.
	Addrs              []string
	Username, Password string // for AUTH; without a password there is none
	DB                 int    // the number of the database; a cluster has only 0
	// Timeout bounds the time of each operation, and of connecting. A change that was
	// sent may still happen afterwards. 0: DefaultTimeout.
	Timeout time.Duration
}

// Store is a store in Redis. Open makes one.
type Store struct {
	store.Stopwatch

	client  rueidis.Client
	timeout time.Duration
}

var (
	_ store.Store   = (*Store)(nil)
	_ store.Batcher = (*Store)(nil)
	_ store.Updater = (*Store)(nil)
	_ store.Timed   = (*Store)(nil)
)

// Open connects to Redis.
func Open(cfg Config) (*Store, error) {
	if cfg.Timeout == 0 {
		cfg.Timeout = DefaultTimeout
	}
	client, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress:      cfg.Addrs,
		Username:         cfg.Username,
		Password:         cfg.Password,
		SelectDB:         cfg.DB,
		Dialer:           net.Dialer{Timeout: cfg.Timeout},
		ConnWriteTimeout: cfg.Timeout,
		DisableCache:     true,
		DisableRetry:     true, // a client that wants another attempt makes it
	})
	if err != nil {
		return nil, fmt.Errorf("redis at %s: %w", strings.Join(cfg.Addrs, ","), reason(err))
	}
	return &Store{client: client, timeout: cfg.Timeout}, nil
}

// Close ends the connections. Operations fail from then on.
func (s *Store) Close() error {
	s.client.Close()
	return nil
}

// Itself implements the interfaces of package store.
func (s *Store) Itself() store.Store { return s }

// begin returns the context of an operation that begins now, and what ends it.
func (s *Store) begin() (ctx context.Context, end func()) {
	began := time.Now()
	ctx, cancel := context.WithDeadline(context.Background(), began.Add(s.timeout))
	return ctx, func() {
		cancel()
		s.Took(began)
	}
}

// reason wraps an error in one of package store's.
func reason(err error) error {
	if err == nil {
		return nil
	}
	var network net.Error
	answer, answered := rueidis.IsRedisErr(err)
	switch {
	case answered && answer.IsNil():
		return nil // an absent key
	case answered:
		word, _, _ := strings.Cut(answer.Error(), " ")
		switch word {
		case "OOM":
			return fmt.Errorf("%w: %w", store.ErrFull, err)
		case "LOADING", "CLUSTERDOWN", "MASTERDOWN", "READONLY", "TRYAGAIN", "BUSY", "NOREPLICAS", "MISCONF":
			return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
		}
		return err
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return fmt.Errorf("%w: %w", store.ErrTimeout, err)
	default:
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
}

// Append implements store.Store.
func (s *Store) Append(dst, key []byte) (out []byte, found bool, err error) {
	ctx, end := s.begin()
	defer end()
	value, found, err := got(s.client.Do(ctx, s.get(key)))
	return append(dst, value...), found, err
}

func (s *Store) get(key []byte) rueidis.Completed { return s.client.B().Get().Key(string(key)).Build() }

func (s *Store) set(key, value []byte) rueidis.Completed {
	return s.client.B().Set().Key(string(key)).Value(string(value)).Build()
}

// got returns the reply to a GET.
func got(r rueidis.RedisResult) (value []byte, found bool, err error) {
	value, err = r.AsBytes()
	if rueidis.IsRedisNil(err) {
		return nil, false, nil
	}
	return value, err == nil, reason(err)
}

// Put implements store.Store.
func (s *Store) Put(key, value []byte) error {
	ctx, end := s.begin()
	defer end()
	return reason(s.client.Do(ctx, s.set(key, value)).Error())
}

// GetAll implements store.Batcher.
func (s *Store) GetAll(ops []store.Op) {
	s.batch(ops, func(op store.Op) rueidis.Completed { return s.get(op.Key) }, func(op *store.Op, r rueidis.RedisResult) {
		op.Value, op.Found, op.Err = got(r)
	})
}

// PutAll implements store.Batcher.
func (s *Store) PutAll(ops []store.Op) {
	s.batch(ops, func(op store.Op) rueidis.Completed { return s.set(op.Key, op.Value) }, func(op *store.Op, r rueidis.RedisResult) {
		op.Err = reason(r.Error())
	})
}

// batch sends the commands of operations together.
func (s *Store) batch(ops []store.Op, command func(store.Op) rueidis.Completed, answer func(*store.Op, rueidis.RedisResult)) {
	ctx, end := s.begin()
	defer end()
	commands := make([]rueidis.Completed, len(ops))
	for i, op := range ops {
		commands[i] = command(op)
	}
	for i, r := range s.client.DoMulti(ctx, commands...) {
		answer(&ops[i], r)
	}
}
