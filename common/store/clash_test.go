package store

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Two keys with the same hash are as unlikely as two broken disks. The store
// tells them apart nevertheless.
func TestKeysWithTheSameHash(t *testing.T) {
	const hash = 42
	s := New(0)
	get := func(key string) (string, bool) {
		r, found := s.get([]byte(key), hash)
		if !found {
			return "", false
		}
		return string(r.value()), true
	}
	put := func(key, value string) { require.NoError(t, s.put([]byte(key), []byte(value), hash)) }

	put("first", "1")
	_, found := get("second")
	assert.False(t, found)
	put("second", "2")
	put("", "3")
	for _, values := range [][3]string{{"1", "2", "3"}, {"one", "two", "three"}, {"I", "", "III"}} {
		for i, key := range []string{"first", "second", ""} {
			put(key, values[i])
		}
		for i, key := range []string{"first", "second", ""} {
			value, found := get(key)
			assert.True(t, found, key)
			assert.Equal(t, values[i], value, key)
		}
	}
	// It also tells them apart when they are prefetched.
	s.Prefetch([PrefetchBatch]uint64{hash, hash, hash}, 3)
	for i, key := range []string{"second", "first", ""} {
		value, found := get(key)
		assert.True(t, found, key)
		assert.Equal(t, []string{"", "I", "III"}[i], value, key)
	}
	assert.Equal(t, 3, s.len())
	_, found = get("fir")
	assert.False(t, found)

	// When one of them is deleted, the others stay, and change in their places.
	s.Prefetch([PrefetchBatch]uint64{hash}, 1)
	assert.True(t, s.delete([]byte("first"), hash))
	assert.False(t, s.delete([]byte("first"), hash))
	put("second", "two and a half")
	put("second", "2.5")
	value, _ := get("second")
	assert.Equal(t, "2.5", value)
	assert.Equal(t, 2, s.len())
	put("first", "new")
	assert.True(t, s.delete([]byte("second"), hash))
	value, _ = get("first")
	assert.Equal(t, "new", value)
	assert.True(t, s.delete([]byte(""), hash))
	assert.True(t, s.delete([]byte("first"), hash))
	assert.Zero(t, s.len())
	used, _ := s.Usage()
	assert.Zero(t, used)
}
