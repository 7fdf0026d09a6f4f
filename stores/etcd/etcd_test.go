package etcd_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/goleak"

	"github.com/ioflavors/ioflavors/common/store"
	"github.com/ioflavors/ioflavors/stores/etcd"
	"github.com/ioflavors/ioflavors/stores/internal/realserver"
	"github.com/ioflavors/ioflavors/stores/internal/storetest"
)

// unhurried is longer than any machine takes.
const unhurried = time.Minute

// start runs an etcd of the test's own, of several members.
func start(t testing.TB, members int, args ...string) (all []*realserver.Server) {
	t.Helper()
	realserver.Need(t, "etcd")
	var peers, addrs, named []string
	for i := range members {
		addrs, peers = append(addrs, realserver.Addr(t)), append(peers, "http://"+realserver.Addr(t))
		named = append(named, fmt.Sprintf("m%d=%s", i, peers[i]))
	}
	for i, addr := range addrs {
		all = append(all, realserver.Start(t, addr, "etcd", append([]string{
			"--name", fmt.Sprint("m", i), "--data-dir", t.TempDir() + "/data",
			"--listen-client-urls", "http://" + addr, "--advertise-client-urls", "http://" + addr,
			"--listen-peer-urls", peers[i], "--initial-advertise-peer-urls", peers[i],
			"--initial-cluster", strings.Join(named, ","), "--log-level", "error",
		}, args...)...))
	}
	return all
}

func addrs(servers []*realserver.Server) (all []string) {
	for _, s := range servers {
		all = append(all, s.Addr)
	}
	return all
}

func open(t testing.TB, cfg etcd.Config) (s *etcd.Store) {
	t.Helper()
	if cfg.Timeout == 0 {
		cfg.Timeout = unhurried
	}
	realserver.Eventually(t, func() (err error) { // there may be no leader yet
		s, err = etcd.Open(cfg)
		return err
	})
	t.Cleanup(func() { s.Close() })
	return s
}

func put(s *etcd.Store, key string) func() error {
	return func() error { return s.Put([]byte(key), []byte("v")) }
}

func TestStore(t *testing.T) {
	servers := start(t, 1)
	defer goleak.VerifyNone(t)
	s := open(t, etcd.Config{Addrs: addrs(servers)})
	storetest.Run(t, s)
	require.NoError(t, s.Close())
	assert.ErrorIs(t, put(s, "k")(), store.ErrUnavailable)
}

// Stores with different prefixes share nothing.
func TestPrefixes(t *testing.T) {
	servers := start(t, 1)
	a, b := open(t, etcd.Config{Addrs: addrs(servers), Prefix: "a"}), open(t, etcd.Config{Addrs: addrs(servers), Prefix: "b"})
	require.NoError(t, put(a, "k")())
	require.NoError(t, b.Clear())
	n, err := a.Len()
	require.NoError(t, err)
	assert.Equal(t, 1, n)
}

func TestNothingListens(t *testing.T) {
	addr := realserver.Addr(t)
	_, err := etcd.Open(etcd.Config{Addrs: []string{addr}, Timeout: 200 * time.Millisecond})
	require.ErrorContains(t, err, addr)
	assert.True(t, isLater(err), err)
}

// isLater reports whether an error says that the store may work later.
func isLater(err error) bool {
	return errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrTimeout)
}

// A value that is larger than etcd permits does not fit, whether it comes alone or with
// others.
func TestAValueThatIsTooLarge(t *testing.T) {
	servers := start(t, 1)
	s := open(t, etcd.Config{Addrs: addrs(servers)})
	for _, size := range []int{1_700_000, 3_000_000} {
		require.ErrorIs(t, s.Put([]byte("k"), make([]byte, size)), store.ErrFull)
		ops := []store.Op{{Key: []byte("a")}, {Key: []byte("large"), Value: make([]byte, size)}, {Key: []byte("b")}}
		s.PutAll(ops)
		assert.NoError(t, ops[0].Err)
		assert.ErrorIs(t, ops[1].Err, store.ErrFull)
		assert.NoError(t, ops[2].Err)
	}
	ops := []store.Op{{Key: []byte("a"), Value: make([]byte, 1_000_000)}, {Key: []byte("b"), Value: make([]byte, 1_000_000)}}
	s.PutAll(ops)
	assert.NoError(t, ops[0].Err)
	assert.NoError(t, ops[1].Err)
}

func TestAFullEtcd(t *testing.T) {
	servers := start(t, 1, "--quota-backend-bytes", "2000000")
	s := open(t, etcd.Config{Addrs: addrs(servers)})
	var err error
	for n := 0; err == nil; n++ {
		err = s.Put([]byte(fmt.Sprint(n)), make([]byte, 100_000))
	}
	require.ErrorIs(t, err, store.ErrFull)
	_, found, err := s.Append(nil, []byte("0"))
	require.NoError(t, err)
	assert.True(t, found)
}

// An etcd that is killed is not available, and is used again when it is back. It has what
// it has acknowledged.
func TestEtcdIsKilled(t *testing.T) {
	servers := start(t, 1)
	s := open(t, etcd.Config{Addrs: addrs(servers), Timeout: 500 * time.Millisecond})
	for range 2 {
		realserver.Eventually(t, put(s, "before"))
		servers[0].Kill()
		err := put(s, "k")()
		require.True(t, isLater(err), err)
		_, _, err = s.Append(nil, []byte("k"))
		require.True(t, isLater(err), err)
		servers[0].Restart(t)
		realserver.Eventually(t, put(s, "k"))
		realserver.Eventually(t, func() error {
			_, found, err := s.Append(nil, []byte("before"))
			assert.True(t, found || err != nil)
			return err
		})
	}
}

// A member that is gone, be it the leader, costs some errors, and no acknowledged put.
func TestALeaderIsKilled(t *testing.T) {
	servers := start(t, 3)
	s := open(t, etcd.Config{Addrs: addrs(servers)})
	var h storetest.History
	ctx, stop := context.WithCancel(t.Context())
	clients := make(chan bool)
	const many = 4
	for client := range many {
		go func() {
			defer func() { clients <- true }()
			h.Client(s, client, func(n int) bool { return n < 3000 && ctx.Err() == nil })
		}()
	}
	for range 2 {
		leader := leaderOf(t, servers)
		leader.Kill()
		realserver.Eventually(t, put(s, "k"))
		leader.Restart(t)
		realserver.Eventually(t, put(s, "k"))
	}
	stop()
	for range many {
		<-clients
	}
	t.Logf("%d puts without an answer", h.Check(t))
}

// leaderOf returns the leader, when there is one.
func leaderOf(t *testing.T, servers []*realserver.Server) (leader *realserver.Server) {
	t.Helper()
	client, err := clientv3.New(clientv3.Config{Endpoints: addrs(servers), DialTimeout: unhurried})
	require.NoError(t, err)
	defer client.Close()
	realserver.Eventually(t, func() error {
		for _, server := range servers {
			about, err := client.Status(t.Context(), server.Addr)
			if err != nil {
				return err
			}
			if about.Leader == about.Header.MemberId {
				leader = server
				return nil
			}
		}
		return fmt.Errorf("no leader")
	})
	return leader
}

func BenchmarkStore(b *testing.B) {
	storetest.Bench(b, open(b, etcd.Config{Addrs: addrs(start(b, 1))}))
}
