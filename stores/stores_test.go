package stores_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/store"
	"github.com/ioflavors/ioflavors/stores"
)

func TestAddresses(t *testing.T) {
	for text, want := range map[string]stores.Address{
		"bolt:data":                    {Kind: "bolt", Path: "data"},
		"bolt:/var/lib/a:b":            {Kind: "bolt", Path: "/var/lib/a:b"},
		"redis://h:6379":               {Kind: "redis", Hosts: []string{"h:6379"}},
		"redis://h:6379/":              {Kind: "redis", Hosts: []string{"h:6379"}},
		"redis://me@h:1,[::1]:65535/7": {Kind: "redis", User: "me", Hosts: []string{"h:1", "[::1]:65535"}, DB: 7},
		"etcd://h:2379":                {Kind: "etcd", Hosts: []string{"h:2379"}},
		"etcd://me@h:1,i:2/a/b":        {Kind: "etcd", User: "me", Hosts: []string{"h:1", "i:2"}, Prefix: "a/b"},
	} {
		a, err := stores.ParseAddress(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, a)
	}
	for text, want := range map[string]string{
		"":                      "want bolt:PATH",
		"memory":                "want bolt:PATH",
		"bolt":                  "want bolt:PATH",
		"bolt:":                 "no path",
		"http://h:1":            "want bolt:PATH",
		"redis://":              `"": want host:port`,
		"redis://h":             `"h": want host:port`,
		"redis://h:1,":          `"": want host:port`,
		"redis://h:0":           "want host:port",
		"redis://h:65536":       "want host:port",
		"redis://:1":            "want host:port",
		"etcd://h":              "want host:port",
		"redis://h:1/x":         "no number of a database",
		"redis://h:1/-1":        "no number of a database",
		"redis://me:secret@h:1": "put it into a file",
	} {
		_, err := stores.ParseAddress(text)
		require.ErrorContains(t, err, want, text)
		assert.NotContains(t, err.Error(), "secret")
	}
}

func TestOpen(t *testing.T) {
	s, err := stores.Open(stores.Address{Kind: "bolt", Path: filepath.Join(t.TempDir(), "data")}, stores.Config{Limit: 1 << 20, Timeout: time.Minute})
	require.NoError(t, err)
	_, limit := s.(store.Bounded).Usage()
	assert.EqualValues(t, 1<<20, limit)
	require.NoError(t, s.Put([]byte("k"), []byte("v")))
	require.NoError(t, s.Close())

	_, err = stores.Open(stores.Address{}, stores.Config{})
	assert.Error(t, err)
}
