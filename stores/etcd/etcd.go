// Package etcd is a store in etcd, by go.etcd.io/etcd/client/v3. Each operation is
// linearizable: it needs the answer of a majority of etcd's members, which have written a
// put to their disks. What was acknowledged survives the loss of a minority.
//
// The requests of a batch are one transaction, which is one round trip and one entry of
// etcd's log. All keys have a prefix, because etcd has no databases.
package etcd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/ioflavors/ioflavors/common/store"
)

// DefaultTimeout is how long an operation waits, and DefaultPrefix what all keys begin
// with, if Config does not say.
const (
	DefaultTimeout = time.Second
	DefaultPrefix  = "/ioflavors/"
)

// keepAlive is how long a connection may be silent before it is tested. gRPC permits no
// shorter time.
const keepAlive = 10 * time.Second

// Config is the configuration of a Store.
type Config struct {
	// Addrs are host:port of members. Operations go to all of them in turn, and not to
	// those that do not accept connections. A majority of the members must answer when the
	// store is opened.
	Addrs              []string
	Username, Password string // without a username there is no login
	Prefix             string // of all keys; "": DefaultPrefix
	// Timeout bounds the time of each operation. A change that was sent may still happen
	// afterwards. 0: DefaultTimeout.
	Timeout time.Duration
}

// Store is a store in etcd. Open makes one.
type Store struct {
	store.Stopwatch

	client  *clientv3.Client
	timeout time.Duration
	prefix  string
}

var (
	_ store.Store   = (*Store)(nil)
	_ store.Batcher = (*Store)(nil)
	_ store.Updater = (*Store)(nil)
	_ store.Timed   = (*Store)(nil)
)

// Open connects to etcd.
func Open(cfg Config) (*Store, error) {
	if cfg.Timeout == 0 {
		cfg.Timeout = DefaultTimeout
	}
	if cfg.Prefix == "" {
		cfg.Prefix = DefaultPrefix
	}
	endpoints := make([]string, len(cfg.Addrs))
	for i, addr := range cfg.Addrs {
		endpoints[i] = "http://" + addr
	}
	client, err := clientv3.New(clientv3.Config{
		Endpoints:            endpoints,
		Username:             cfg.Username,
		Password:             cfg.Password,
		DialTimeout:          cfg.Timeout,
		DialKeepAliveTime:    keepAlive,
		DialKeepAliveTimeout: cfg.Timeout,
		PermitWithoutStream:  true,
		Logger:               zap.NewNop(), // a server's log has its store's errors
	})
	if err == nil {
		s := &Store{client: client, timeout: cfg.Timeout, prefix: cfg.Prefix}
		if _, err = s.Len(); err == nil {
			return s, nil
		}
		client.Close()
	}
	return nil, fmt.Errorf("etcd at %s: %w", strings.Join(cfg.Addrs, ","), reason(err))
}

// Close ends the connections. Operations fail from then on.
func (s *Store) Close() error {
	if err := s.client.Close(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// Itself implements the interfaces of package store.
func (s *Store) Itself() store.Store { return s }

// begin returns the context of an operation that begins now, and what ends it. A member
// without a leader refuses at once.
func (s *Store) begin() (ctx context.Context, end func()) {
	began := time.Now()
	ctx, cancel := context.WithDeadline(clientv3.WithRequireLeader(context.Background()), began.Add(s.timeout))
	return ctx, func() {
		cancel()
		s.Took(began)
	}
}

// reason wraps an error in one of package store's.
func reason(err error) error {
	if err == nil || errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrTimeout) {
		return err
	}
	wrap := func(why error) error { return fmt.Errorf("%w: %w", why, err) }
	switch {
	case errors.Is(err, rpctypes.ErrNoSpace), tooLarge(err):
		return wrap(store.ErrFull)
	case errors.Is(err, context.DeadlineExceeded):
		return wrap(store.ErrTimeout)
	case errors.Is(err, context.Canceled): // the client is closed
		return wrap(store.ErrUnavailable)
	}
	code := status.Code(err)
	var own rpctypes.EtcdError
	if errors.As(err, &own) {
		code = own.Code()
	}
	switch code {
	case codes.DeadlineExceeded:
		return wrap(store.ErrTimeout)
	case codes.Unavailable, codes.Canceled, codes.ResourceExhausted, codes.FailedPrecondition:
		return wrap(store.ErrUnavailable)
	}
	return err
}

// tooLarge reports whether etcd, or its client, refused a request for its size.
func tooLarge(err error) bool {
	return errors.Is(err, rpctypes.ErrRequestTooLarge) ||
		status.Code(err) == codes.ResourceExhausted && !errors.Is(err, rpctypes.ErrTooManyRequests)
}

// name returns the key's name in etcd.
func (s *Store) name(key []byte) string { return s.prefix + string(key) }

// Append implements store.Store.
func (s *Store) Append(dst, key []byte) (out []byte, found bool, err error) {
	ctx, end := s.begin()
	defer end()
	r, err := s.client.Get(ctx, s.name(key))
	if err != nil || len(r.Kvs) == 0 {
		return dst, false, reason(err)
	}
	return append(dst, r.Kvs[0].Value...), true, nil
}

// Put implements store.Store.
func (s *Store) Put(key, value []byte) error {
	ctx, end := s.begin()
	defer end()
	return s.put(ctx, key, value)
}

func (s *Store) put(ctx context.Context, key, value []byte) error {
	_, err := s.client.Put(ctx, s.name(key), string(value))
	return reason(err)
}

// GetAll implements store.Batcher: all values are of one moment.
func (s *Store) GetAll(ops []store.Op) {
	ctx, end := s.begin()
	defer end()
	gets := make([]clientv3.Op, len(ops))
	for i, op := range ops {
		gets[i] = clientv3.OpGet(s.name(op.Key))
	}
	r, err := s.client.Txn(ctx).Then(gets...).Commit()
	for i := range ops {
		if ops[i].Err = reason(err); err == nil {
			if kvs := r.Responses[i].GetResponseRange().Kvs; len(kvs) > 0 {
				ops[i].Value, ops[i].Found = kvs[0].Value, true
			}
		}
	}
}

// PutAll implements store.Batcher. Of several puts of a key the last one is done, because
// a transaction may have no more than one.
func (s *Store) PutAll(ops []store.Op) {
	ctx, end := s.begin()
	defer end()
	last := make(map[string]int, len(ops))
	for i, op := range ops {
		last[string(op.Key)] = i
	}
	puts := make([]clientv3.Op, 0, len(last))
	for i, op := range ops {
		if last[string(op.Key)] == i {
			puts = append(puts, clientv3.OpPut(s.name(op.Key), string(op.Value)))
		}
	}
	_, err := s.client.Txn(ctx).Then(puts...).Commit()
	for i := range ops {
		if ops[i].Err = reason(err); err != nil && tooLarge(err) {
			ops[i].Err = s.put(ctx, ops[i].Key, ops[i].Value) // one that is large need not be alone
		}
	}
}
