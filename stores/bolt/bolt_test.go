package bolt_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ioflavors/ioflavors/common/store"
	"github.com/ioflavors/ioflavors/stores/bolt"
	"github.com/ioflavors/ioflavors/stores/internal/storetest"
)

// unhurried is longer than any machine takes.
const unhurried = time.Minute

func open(t testing.TB, path string, cfg bolt.Config) *bolt.Store {
	t.Helper()
	if cfg.Timeout == 0 {
		cfg.Timeout = unhurried
	}
	s, err := bolt.Open(path, cfg)
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

func TestStore(t *testing.T) {
	defer goleak.VerifyNone(t)
	s := open(t, filepath.Join(t.TempDir(), "data"), bolt.Config{})
	storetest.Run(t, s)
	require.NoError(t, s.Close())
}

// What was put is there when the file is opened again, and the number of keys is right.
func TestAFileIsOpenedAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data")
	for round := range 3 {
		s := open(t, path, bolt.Config{})
		for i := range 100 {
			require.NoError(t, s.Put([]byte(fmt.Sprint(round, " ", i)), []byte("v")))
		}
		n, err := s.Len()
		require.NoError(t, err)
		assert.Equal(t, 100*(round+1), n)
		used, limit := s.Usage()
		assert.Positive(t, used)
		assert.Zero(t, limit)
		require.NoError(t, s.Close())
	}
	about, err := os.Stat(path)
	require.NoError(t, err)
	assert.Zero(t, about.Mode().Perm()&0o077, "other users cannot read it")
}

// Puts that wait at the same time share a transaction: 200 goroutines that put at once
// need far fewer than one each. The operations of a batch are one.
func TestPutsShareAnFsync(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "data"), bolt.Config{})
	before := bolt.Transactions(s)
	ops := make([]store.Op, 100)
	for i := range ops {
		ops[i] = store.Op{Key: []byte(fmt.Sprint(i)), Value: []byte("v")}
	}
	s.PutAll(ops)
	assert.Equal(t, before+1, bolt.Transactions(s))

	release := bolt.Hold(s) // the writer is busy
	var putting sync.WaitGroup
	for i := range 200 {
		putting.Go(func() { assert.NoError(t, s.Put([]byte(fmt.Sprint(i)), []byte("w"))) })
	}
	require.Eventually(t, func() bool { return bolt.Waiting(s) == 200 }, unhurried, time.Millisecond)
	release()
	putting.Wait()
	assert.Equal(t, before+3, bolt.Transactions(s), "one that was held, and one for all the others")
}

func TestWhatCannotBeOpened(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data")
	s := open(t, path, bolt.Config{})
	for i := range 50 {
		require.NoError(t, s.Put([]byte(fmt.Sprint(i)), make([]byte, 1000)))
	}
	_, err := bolt.Open(path, bolt.Config{Timeout: time.Millisecond})
	assert.ErrorContains(t, err, "another process has the file open")
	require.NoError(t, s.Close())
	whole, err := os.ReadFile(path)
	require.NoError(t, err)

	_, err = bolt.Open(filepath.Dir(path), bolt.Config{})
	assert.ErrorContains(t, err, "no regular file")
	_, err = bolt.Open(path+"/none/data", bolt.Config{})
	assert.Error(t, err)
	for name, content := range map[string][]byte{
		"a text":            []byte(strings.Repeat("this is no database\n", 1000)),
		"a short text":      []byte("x"),
		"half of it":        whole[:4*os.Getpagesize()],
		"only its header":   whole[:2*os.Getpagesize()],
		"zeros":             make([]byte, len(whole)),
		"zeros behind meta": append(whole[:2*os.Getpagesize():2*os.Getpagesize()], make([]byte, len(whole)-2*os.Getpagesize())...),
	} {
		damaged := filepath.Join(t.TempDir(), "damaged")
		require.NoError(t, os.WriteFile(damaged, content, 0o600))
		s, err := bolt.Open(damaged, bolt.Config{Timeout: unhurried})
		if !assert.ErrorContains(t, err, damaged, name) {
			s.Close()
		}
	}
}

// A full file refuses what needs more pages, and loses nothing. Deletions make room.
func TestAFullFile(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "data"), bolt.Config{MaxBytes: 1 << 20})
	var nearly int
	s.WhenNearlyFull(func(used, limit int64) { nearly++ })
	n, err := 0, error(nil)
	for ; err == nil; n++ {
		err = s.Put([]byte(fmt.Sprint(n)), make([]byte, 10_000))
	}
	n-- // the last one failed
	require.ErrorIs(t, err, store.ErrFull)
	assert.Greater(t, n, 40)
	assert.Equal(t, 1, nearly)
	for i := range n {
		value, found, err := s.Append(nil, []byte(fmt.Sprint(i)))
		require.NoError(t, err)
		require.True(t, found)
		require.Len(t, value, 10_000)
	}
	require.NoError(t, s.Clear())
	require.NoError(t, s.Put([]byte("after"), make([]byte, 10_000)))
}

// The large put of a batch does not keep a small one from its place.
func TestALargePutBesideASmallOne(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "data"), bolt.Config{MaxBytes: 1 << 20})
	release := bolt.Hold(s)
	var putting sync.WaitGroup
	putting.Go(func() { assert.ErrorIs(t, s.Put([]byte("large"), make([]byte, 1<<20)), store.ErrFull) })
	putting.Go(func() { assert.NoError(t, s.Put([]byte("small"), []byte("v"))) })
	require.Eventually(t, func() bool { return bolt.Waiting(s) == 2 }, unhurried, time.Millisecond)
	release()
	putting.Wait()
}

// A change that the disk does not take in time is an error, and does not happen if it had
// not begun. The others go on when the disk does.
func TestADiskThatStops(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "data"), bolt.Config{Timeout: 50 * time.Millisecond})
	for s.Put([]byte("k"), []byte("v")) != nil { // a busy machine may take longer
	}
	release := bolt.Hold(s)
	require.ErrorIs(t, s.Put([]byte("late"), []byte("v")), store.ErrTimeout)
	ran := false
	require.ErrorIs(t, s.Update(nil, func(store.Tx) error { ran = true; return nil }), store.ErrTimeout)
	value, found, err := s.Append(nil, []byte("k"))
	require.NoError(t, err, "reads go on")
	assert.True(t, found)
	assert.Equal(t, "v", string(value))
	release()
	for s.Put([]byte("after"), []byte("v")) != nil {
	}
	_, found, err = s.Append(nil, []byte("late"))
	require.NoError(t, err)
	assert.False(t, found)
	assert.False(t, ran)
}

func TestKeysThatAreTooLong(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "data"), bolt.Config{})
	longest := strings.Repeat("k", 32_767)
	require.NoError(t, s.Put([]byte(longest), nil))
	ops := []store.Op{{Key: []byte("a")}, {Key: []byte(longest + "k")}, {Key: []byte("b")}}
	s.PutAll(ops)
	assert.NoError(t, ops[0].Err)
	assert.ErrorIs(t, ops[1].Err, store.ErrFull)
	assert.NoError(t, ops[2].Err)
	_, found, err := s.Append(nil, []byte(longest+"k"))
	require.NoError(t, err)
	assert.False(t, found)
}

func TestAfterCloseItIsNotAvailable(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "data"), bolt.Config{})
	require.NoError(t, s.Close())
	assert.ErrorIs(t, s.Put([]byte("k"), nil), store.ErrUnavailable)
	_, _, err := s.Append(nil, []byte("k"))
	assert.ErrorIs(t, err, store.ErrUnavailable)
	require.NoError(t, s.Close(), "again")
}

func BenchmarkStore(b *testing.B) {
	storetest.Bench(b, open(b, filepath.Join(b.TempDir(), "data"), bolt.Config{}))
}
