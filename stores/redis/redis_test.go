package redis_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ioflavors/ioflavors/common/store"
	"github.com/ioflavors/ioflavors/stores/internal/realserver"
	"github.com/ioflavors/ioflavors/stores/internal/storetest"
	"github.com/ioflavors/ioflavors/stores/redis"
)

// unhurried is longer than any machine takes.
const unhurried = time.Minute

// start runs a Redis of the test's own.
func start(t testing.TB, args ...string) *realserver.Server {
	t.Helper()
	realserver.Need(t, "redis-server")
	addr := realserver.Addr(t)
	all := append([]string{"--port", realserver.Port(t, addr), "--bind", "127.0.0.1", "--dir", t.TempDir(), "--save", ""}, args...)
	return realserver.Start(t, addr, "redis-server", all...)
}

func open(t testing.TB, cfg redis.Config) *redis.Store {
	t.Helper()
	if cfg.Timeout == 0 {
		cfg.Timeout = unhurried
	}
	s, err := redis.Open(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

func put(s *redis.Store, key string) func() error {
	return func() error { return s.Put([]byte(key), []byte("v")) }
}

func TestStore(t *testing.T) {
	defer goleak.VerifyNone(t)
	server := start(t)
	s := open(t, redis.Config{Addrs: []string{server.Addr}})
	storetest.Run(t, s)
	require.NoError(t, s.Close())
	assert.ErrorIs(t, put(s, "k")(), store.ErrUnavailable)
	server.Kill()
}

// Other clients of Redis see the entries, under the same keys.
func TestEntriesAreStrings(t *testing.T) {
	server := start(t)
	s, other := open(t, redis.Config{Addrs: []string{server.Addr}, DB: 3}), open(t, redis.Config{Addrs: []string{server.Addr}})
	require.NoError(t, s.Put([]byte("k"), []byte("v")))
	_, found, err := other.Append(nil, []byte("k"))
	require.NoError(t, err)
	assert.False(t, found, "it is in database 3")
	value, found, err := open(t, redis.Config{Addrs: []string{server.Addr}, DB: 3}).Append(nil, []byte("k"))
	require.NoError(t, err)
	assert.True(t, found)
	assert.Equal(t, "v", string(value))
}

func TestAPassword(t *testing.T) {
	server := start(t, "--requirepass", "secret")
	require.NoError(t, put(open(t, redis.Config{Addrs: []string{server.Addr}, Password: "secret"}), "k")())
	for _, wrong := range []string{"", "hunter2"} {
		_, err := redis.Open(redis.Config{Addrs: []string{server.Addr}, Password: wrong, Timeout: unhurried})
		require.ErrorContains(t, err, server.Addr)
		assert.Regexp(t, "NOAUTH|WRONGPASS", err.Error())
		assert.NotContains(t, err.Error(), "hunter2")
	}
}

func TestNothingListens(t *testing.T) {
	addr := realserver.Addr(t)
	_, err := redis.Open(redis.Config{Addrs: []string{addr}, Timeout: unhurried})
	require.ErrorIs(t, err, store.ErrUnavailable)
	assert.ErrorContains(t, err, addr)
}

// A full Redis refuses, and goes on.
func TestAFullRedis(t *testing.T) {
	server := start(t, "--maxmemory", "4mb", "--maxmemory-policy", "noeviction")
	s := open(t, redis.Config{Addrs: []string{server.Addr}})
	var err error
	for n := 0; err == nil; n++ {
		err = s.Put([]byte(fmt.Sprint(n)), make([]byte, 100_000))
	}
	require.ErrorIs(t, err, store.ErrFull)
	value, found, err := s.Append(nil, []byte("0"))
	require.NoError(t, err)
	assert.True(t, found)
	assert.Len(t, value, 100_000)
	assert.ErrorIs(t, s.Update(func(yield func([]byte) bool) { yield([]byte("0")) }, func(tx store.Tx) error {
		_, err := tx.Append([]byte("0"), []byte("x"))
		return err
	}), store.ErrFull, "also as an error of the script")
	require.NoError(t, s.Clear())
	require.NoError(t, put(s, "k")())
}

// A key of another type is an error of its own, and the connection stays.
func TestAKeyOfAnotherType(t *testing.T) {
	realserver.Need(t, "redis-cli")
	server := start(t)
	s := open(t, redis.Config{Addrs: []string{server.Addr}})
	cli(t, server, "LPUSH", "list", "x")
	_, _, err := s.Append(nil, []byte("list"))
	require.ErrorContains(t, err, "WRONGTYPE")
	for _, other := range []error{store.ErrFull, store.ErrTimeout, store.ErrUnavailable} {
		assert.NotErrorIs(t, err, other)
	}
	require.NoError(t, put(s, "k")())
}

// A killed Redis is not available, and the store uses the next one without another start.
// What Redis has written to its disk before it acknowledged is not lost.
func TestRedisIsKilled(t *testing.T) {
	server := start(t, "--appendonly", "yes", "--appendfsync", "always")
	s := open(t, redis.Config{Addrs: []string{server.Addr}})
	var h storetest.History
	ctx, stop := context.WithCancel(t.Context())
	clients := make(chan bool)
	const many = 4
	for client := range many {
		go func() {
			defer func() { clients <- true }()
			h.Client(s, client, func(n int) bool { return n < 5000 && ctx.Err() == nil })
		}()
	}
	for range 3 {
		require.NoError(t, put(s, "before")())
		server.Kill()
		require.ErrorIs(t, put(s, "k")(), store.ErrUnavailable)
		server.Restart(t)
		realserver.Eventually(t, put(s, "k"))
		value, found, err := s.Append(nil, []byte("before"))
		require.NoError(t, err)
		assert.True(t, found)
		assert.Equal(t, "v", string(value))
	}
	stop()
	for range many {
		<-clients
	}
	t.Logf("%d puts without an answer", h.Check(t))
}

func TestCluster(t *testing.T) {
	nodes := startCluster(t)
	s := open(t, redis.Config{Addrs: []string{nodes[0].Addr, nodes[1].Addr}})
	storetest.Run(t, s)

	apart := func(yield func([]byte) bool) { _ = yield([]byte("a")) && yield([]byte("b")) }
	assert.ErrorIs(t, s.Update(apart, func(store.Tx) error { panic("called") }), store.ErrApart)
	assert.ErrorIs(t, s.View(apart, func(store.Tx) error { panic("called") }), store.ErrApart)
}

// While a master is gone, the keys of the others are served, and its own are an error; all
// are served when a replica has taken its place.
func TestAMasterOfAClusterIsKilled(t *testing.T) {
	nodes := startCluster(t)
	s := open(t, redis.Config{Addrs: []string{nodes[0].Addr, nodes[5].Addr}})
	owner := make(map[string]string) // the master that has a key
	for i := range 100 {
		key := fmt.Sprint("key ", i)
		require.NoError(t, put(s, key)())
	}
	for _, master := range nodes[:3] {
		for key := range strings.FieldsSeq(cli(t, master, "--raw", "EVAL", "local r = '' for _, k in ipairs(redis.call('KEYS', '*')) do r = r .. ' ' .. string.gsub(k, ' ', '_') end return r", "0")) {
			owner[strings.ReplaceAll(key, "_", " ")] = master.Addr
		}
	}
	require.Len(t, owner, 100)
	gone := nodes[1]
	gone.Kill()
	failed := 0
	for key, addr := range owner {
		err := put(s, key)()
		if addr != gone.Addr {
			require.NoError(t, err, "its master is there")
		} else if err != nil {
			require.ErrorIs(t, err, store.ErrUnavailable)
			failed++
		}
	}
	assert.Positive(t, failed)
	for key := range owner {
		realserver.Eventually(t, put(s, key))
	}
	require.Less(t, failed, len(owner))
}

// startCluster runs three masters and their replicas.
func startCluster(t *testing.T) (nodes []*realserver.Server) {
	t.Helper()
	realserver.Need(t, "redis-server", "redis-cli")
	var addrs []string
	for range 6 {
		bus := realserver.Port(t, realserver.Addr(t))
		node := start(t, "--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--cluster-port", bus, "--cluster-require-full-coverage", "no")
		nodes, addrs = append(nodes, node), append(addrs, node.Addr)
	}
	cli(t, nodes[0], append(append([]string{"--cluster", "create"}, addrs...), "--cluster-replicas", "1", "--cluster-yes")...)
	for _, node := range nodes {
		realserver.Eventually(t, func() error {
			about := cli(t, node, "CLUSTER", "INFO")
			if !strings.Contains(about, "cluster_state:ok") || !strings.Contains(about, "cluster_known_nodes:6") {
				return fmt.Errorf("%s", about)
			}
			return nil
		})
	}
	for _, node := range nodes[3:] {
		realserver.Eventually(t, func() error {
			if about := cli(t, node, "ROLE"); !strings.Contains(about, "connected") {
				return fmt.Errorf("%s", about)
			}
			return nil
		})
	}
	return nodes
}

func BenchmarkStore(b *testing.B) {
	storetest.Bench(b, open(b, redis.Config{Addrs: []string{start(b).Addr}}))
}
