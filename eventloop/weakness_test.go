package eventloop_test

import (
	"bytes"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/kv"
	"github.com/ioflavors/ioflavors/common/kvclient"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servertest"
	"github.com/ioflavors/ioflavors/common/store"
	"github.com/ioflavors/ioflavors/eventloop"
)

// The model's weakness: one loop is one goroutine, so a slow request blocks all others.
func TestOneSlowRequestDelaysEveryClient(t *testing.T) {
	servertest.OneSlowRequestDelaysEveryClient(t, servertest.Targets(eventloop.Command)[0])
}

// placeStore notes the goroutine, and so the loop, that serves each key.
type placeStore struct {
	store.Store
	mu sync.Mutex
	at map[string]string // goroutine by key
}

func (s *placeStore) Append(dst, key []byte) ([]byte, bool, error) {
	stack := make([]byte, 64)
	id := bytes.Fields(stack[:runtime.Stack(stack, false)])[1] // goroutine ID [running]:
	s.mu.Lock()
	s.at[string(key)] = string(id)
	s.mu.Unlock()
	return s.Store.Append(dst, key)
}

// Each client goes to the loop with the fewest clients, also after others have left.
func TestLoopsHaveTheSameNumberOfClients(t *testing.T) {
	const loops, each = 3, 4
	s := &placeStore{Store: store.NewSharded(0), at: make(map[string]string)}
	srv := eventloop.New(eventloop.Config{Config: server.Config{Protocol: kv.New(kv.Config{Store: s})}, Loops: loops})
	addr := servertest.Serve(t, srv)

	var clients []*kvclient.Client
	connect := func(n int) map[string][]int {
		for range n {
			ctx, c := servertest.Dial(t, addr)
			_, _, err := c.Get(ctx, fmt.Sprint(len(clients)))
			require.NoError(t, err)
			clients = append(clients, c)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		by := make(map[string][]int) // clients by loop
		for i := range clients {
			at := s.at[fmt.Sprint(i)]
			by[at] = append(by[at], i)
		}
		return by
	}
	by := connect(loops * each)
	require.Len(t, by, loops)
	var emptied string
	for at, some := range by {
		assert.Len(t, some, each)
		emptied = at
	}
	for _, i := range by[emptied] {
		require.NoError(t, clients[i].Close())
	}
	require.Eventually(t, func() bool { return srv.Stats().Active == (loops-1)*each }, time.Minute, time.Millisecond)
	by = connect(each)
	assert.Len(t, by[emptied], 2*each, "later clients took the places of those that left")
}

// With a second loop, a slow request does not delay the other loop's clients.
func TestASecondLoopGoesOnMeanwhile(t *testing.T) {
	s := servertest.NewSlowStore()
	srv := eventloop.New(eventloop.Config{Config: server.Config{Protocol: kv.New(kv.Config{Store: s})}, Loops: 2})
	addr := servertest.Serve(t, srv)

	// A client goes to the loop with the fewest, so these two are on different loops.
	ctx, first := servertest.Dial(t, addr)
	require.NoError(t, first.Put(ctx, "hello", "v"))
	_, second := servertest.Dial(t, addr)
	require.NoError(t, second.Put(ctx, "hello", "v"))

	var puts sync.WaitGroup
	puts.Go(func() { assert.NoError(t, first.Put(ctx, "slow", "v")) })
	<-s.Entered
	for range 100 {
		assert.NoError(t, second.Put(ctx, "quick", "v"))
	}
	close(s.Release)
	puts.Wait()
}
