// Package bolt is a store in one file, by go.etcd.io/bbolt. What Put has acknowledged
// survives the end of the process by any signal, and the end of the machine if its disk
// keeps what it has acknowledged: each Put returns after an fsync. Puts that wait at the
// same time share one.
//
// One process at a time opens a file. Reads come from the file's pages in memory, as the
// system keeps them; a page that is not there is read from the disk, without a bound on
// the time. All changes are written by one goroutine.
package bolt

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/ioflavors/ioflavors/common/store"
)

// DefaultTimeout is how long an operation waits if Config does not say.
const DefaultTimeout = time.Second

// Config is the configuration of a Store. The zero value is usable.
type Config struct {
	// Timeout bounds the time of a change, and of waiting for the file's lock in Open. A
	// change that has begun when the time is over may still happen. 0: DefaultTimeout.
	Timeout time.Duration
	// MaxBytes bounds the file's size. A change that needs more gets store.ErrFull. 0: the
	// disk is the bound. The file never becomes smaller, but space that deletions free is
	// used again.
	MaxBytes int64
}

// Store is a store in a file. Open makes one.
type Store struct {
	store.Stopwatch

	db      *bbolt.DB
	timeout time.Duration
	limit   int64
	used    atomic.Int64 // size of the file's used pages, in bytes

	changes chan *change // for the writer
	closing chan struct{}
	ended   chan struct{} // the writer has ended
	close   sync.Once

	nearly struct {
		say  atomic.Pointer[func(used, limit int64)]
		said bool // only the writer uses it
	}
}

var (
	_ store.Bounded = (*Store)(nil)
	_ store.Fitter  = (*Store)(nil)
	_ store.Batcher = (*Store)(nil)
	_ store.Updater = (*Store)(nil)
	_ store.Timed   = (*Store)(nil)
)

// bucket has the entries. Its sequence number is the number of entries, so that Len need
// not count them.
var bucket = []byte("ioflavors")

// Open opens the file at path, or makes it if it is not there.
func Open(path string, cfg Config) (*Store, error) {
	if cfg.Timeout == 0 {
		cfg.Timeout = DefaultTimeout
	}
	if about, err := os.Stat(path); err == nil && !about.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", path)
	}
	db, err := open(path, &bbolt.Options{
		Timeout:      cfg.Timeout,
		FreelistType: bbolt.FreelistMapType, // the other type's time grows with the free pages
		MaxSize:      int(min(cfg.MaxBytes, int64(^uint(0)>>1))),
		NoStatistics: true,
	})
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, fmt.Errorf("%s: another process has the file open", path)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	s := &Store{
		db:      db,
		timeout: cfg.Timeout,
		limit:   max(0, cfg.MaxBytes),
		changes: make(chan *change, manyChanges),
		closing: make(chan struct{}),
		ended:   make(chan struct{}),
	}
	_ = db.View(func(tx *bbolt.Tx) error { s.used.Store(tx.Size()); return nil }) // it has no error of its own
	go s.write()
	return s, nil
}

// open opens the file and looks whether it is whole. A file that was cut makes bbolt read
// beyond its end, which would end the process.
func open(path string, o *bbolt.Options) (db *bbolt.DB, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if v := recover(); v != nil {
			// The file stays locked, because bbolt cannot close it in this state.
			db, err = nil, fmt.Errorf("the file is damaged: %v", v)
		}
	}()
	if db, err = bbolt.Open(path, 0o600, o); err != nil {
		return nil, err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		about, err := os.Stat(path)
		if err != nil {
			return err
		}
		if about.Size() < tx.Size() {
			return fmt.Errorf("the file is damaged: it has %d bytes instead of %d", about.Size(), tx.Size())
		}
		_, err = tx.CreateBucketIfNotExists(bucket)
		return err
	})
	if err == nil {
		err = syncFolder(path)
	}
	if err != nil {
		db.Close()
		return nil, reason(err)
	}
	return db, nil
}

// syncFolder makes the name of a new file as durable as its content.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil // it has no such call
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}

// Close waits for the changes that have begun, and closes the file. Operations fail from
// then on.
func (s *Store) Close() error {
	s.close.Do(func() { close(s.closing) })
	<-s.ended
	return s.db.Close()
}

// Itself implements the interfaces of package store.
func (s *Store) Itself() store.Store { return s }

// Usage implements store.Bounded: the size of the file's used pages, and Config.MaxBytes.
func (s *Store) Usage() (used, limit int64) { return s.used.Load(), s.limit }

// WhenNearlyFull implements store.Bounded.
func (s *Store) WhenNearlyFull(f func(used, limit int64)) { s.nearly.say.Store(&f) }

// reason wraps an error in one of package store's.
func reason(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, bolterrors.ErrMaxSizeReached), errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		return fmt.Errorf("%w: %w", store.ErrFull, err)
	case errors.Is(err, bolterrors.ErrDatabaseNotOpen):
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	return err
}

// prefixed returns the key's name in the file: bbolt permits no empty one.
func prefixed(key []byte) []byte {
	name := make([]byte, 1+len(key))
	name[0] = 'k'
	copy(name[1:], key)
	return name
}

// tooLong returns an error if bbolt cannot hold the entry.
func tooLong(key, value []byte) error {
	if len(key) >= bbolt.MaxKeySize || len(value) > bbolt.MaxValueSize {
		return fmt.Errorf("%w for a key of %d and a value of %d bytes: keys have less than %d", store.ErrFull, len(key), len(value), bbolt.MaxKeySize)
	}
	return nil
}
