package bolt

import (
	"errors"
	"fmt"
	"iter"
	"runtime/debug"
	"sync"
	"time"

	"go.etcd.io/bbolt"

	"github.com/ioflavors/ioflavors/common/store"
)

// manyChanges is how many changes the writer takes together at most, and how many may wait
// for it meanwhile without blocking in the channel. Their fsync takes much longer than
// they themselves.
const manyChanges = 256

// change is what the writer does for a caller.
type change struct {
	do   func(*tx) error
	done chan error // has room for the result

	mu   sync.Mutex // held while do runs
	gone bool       // the caller waits no more, so do must not be called
	err  error      // do's
}

// errGone: the caller has given up before the change began.
var errGone = errors.New("the change came too late")

// apply has the writer make a change. do is not called any more when apply has returned;
// it may be called several times, and only the changes of the last time stay.
func (s *Store) apply(do func(*tx) error) error {
	defer s.Took(time.Now())
	c := &change{do: do, done: make(chan error, 1)}
	timeout := time.NewTimer(s.timeout)
	defer timeout.Stop()
	select {
	case s.changes <- c:
	case <-s.ended:
		return errClosed
	case <-timeout.C:
		return fmt.Errorf("%w: %d changes wait, and none has begun for %v", store.ErrTimeout, manyChanges, s.timeout)
	}
	select {
	case err := <-c.done:
		return err
	case <-s.ended:
		select {
		case err := <-c.done:
			return err
		default:
			return errClosed
		}
	case <-timeout.C:
		c.mu.Lock()
		c.gone = true
		c.mu.Unlock()
		return fmt.Errorf("%w: the disk has not taken a change for %v", store.ErrTimeout, s.timeout)
	}
}

var errClosed = fmt.Errorf("%w: it is closed", store.ErrUnavailable)

// write makes changes until Close. All that wait are made together.
func (s *Store) write() {
	defer close(s.ended)
	batch := make([]*change, 0, manyChanges)
	for {
		select {
		case c := <-s.changes:
			batch = append(batch[:0], c)
		case <-s.closing:
			return
		}
		for len(batch) < cap(batch) {
			select {
			case c := <-s.changes:
				batch = append(batch, c)
				continue
			default:
			}
			break
		}
		s.commit(batch)
		clear(batch)
	}
}

// commit makes changes in one transaction, and answers them. If they do not fit, it makes
// each of them alone, because others may fit without the largest.
func (s *Store) commit(batch []*change) {
	err := s.transact(batch)
	if len(batch) > 1 && errors.Is(err, store.ErrFull) {
		for i := range batch {
			s.commit(batch[i : i+1])
		}
		return
	}
	for _, c := range batch {
		if err == nil {
			c.done <- c.err
		} else {
			c.done <- err
		}
	}
}

// transact returns why nothing of a batch has been kept. A damaged file may make bbolt
// panic; the transaction is taken back then.
func (s *Store) transact(batch []*change) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("bbolt panicked: %v", v)
		}
	}()
	used := int64(0)
	err = s.db.Update(func(t *bbolt.Tx) error {
		x := &tx{bolt: t, bucket: t.Bucket(bucket)}
		for _, c := range batch {
			c.run(x)
		}
		used = t.Size()
		return x.bucket.SetSequence(uint64(int64(x.bucket.Sequence()) + x.added))
	})
	if err == nil {
		s.use(used)
	}
	return reason(err)
}

// run runs a change. It keeps a panic for the caller.
func (c *change) run(x *tx) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err = errGone; c.gone {
		return
	}
	c.err = c.do(x)
}

// use notes the size of the used pages.
func (s *Store) use(used int64) {
	s.used.Store(used)
	nearly := s.limit > 0 && used > s.limit-s.limit/10
	if say := s.nearly.say.Load(); nearly && !s.nearly.said && say != nil {
		(*say)(used, s.limit)
	}
	s.nearly.said = nearly
}

// Put implements store.Store. It returns when the disk has the value.
func (s *Store) Put(key, value []byte) error {
	key, value, err := kept(key, value)
	if err != nil {
		return err
	}
	return s.apply(func(x *tx) error { return x.put(key, value) })
}

// kept returns copies of a key, as its name, and of a value. bbolt refers to the value
// until the transaction ends, and the caller may give up before.
func kept(key, value []byte) (k, v []byte, err error) {
	if err := tooLong(key, value); err != nil {
		return nil, nil, err
	}
	return prefixed(key), append(make([]byte, 0, len(value)), value...), nil
}

// PutAll implements store.Batcher: all puts share one fsync.
func (s *Store) PutAll(ops []store.Op) {
	names, values := make([][]byte, len(ops)), make([][]byte, len(ops))
	errs := make([]error, len(ops))
	for i, op := range ops {
		names[i], values[i], errs[i] = kept(op.Key, op.Value)
	}
	err := s.apply(func(x *tx) error {
		for i := range names {
			if errs[i] == nil {
				if err := x.put(names[i], values[i]); err != nil {
					return err
				}
			}
		}
		return nil
	})
	for i := range ops {
		if ops[i].Err = errs[i]; ops[i].Err == nil {
			ops[i].Err = err
		}
	}
}

// Update implements store.Updater. f runs on the writer's goroutine; a panic of f is the
// caller's.
func (s *Store) Update(_ iter.Seq[[]byte], f func(store.Tx) error) error {
	var panicked any
	err := s.apply(func(x *tx) (err error) {
		defer func() {
			if panicked = recover(); panicked != nil {
				err = errors.New("panic")
			}
		}()
		return f(x)
	})
	if panicked != nil {
		panic(panicked)
	}
	return err
}

// Clear implements store.Updater.
func (s *Store) Clear() error {
	return s.apply(func(x *tx) (err error) {
		if err = x.bolt.DeleteBucket(bucket); err == nil {
			x.bucket, err = x.bolt.CreateBucket(bucket)
			x.added = 0
		}
		return err
	})
}
