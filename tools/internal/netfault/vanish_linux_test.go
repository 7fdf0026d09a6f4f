package netfault

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/store"
)

// A client's machine is cut off: no FIN and no RST arrives. The server's kernel
// notices it, with a reply in flight or without, and the server closes the
// connection. None of the server's timeouts is set. All variants wait at the
// same time.
func TestVanish(t *testing.T) {
	inNamespace(t)
	client := newMachine(t)
	gone := make(chan struct{}) // closed when the cable is cut
	var (
		since  time.Time // the time of the cut, valid after gone
		served sync.WaitGroup
	)
	served.Add(2 * len(variants))
	t.Run("variants", func(t *testing.T) {
		t.Run("cut", func(t *testing.T) {
			t.Parallel()
			defer close(gone) // also after a failure, because the others wait for it
			served.Wait()
			client.command(t, "ip", "link", "set", cable, "down")
			since = time.Now()
		})
		for _, v := range variants {
			t.Run(v.name+", idle", func(t *testing.T) {
				t.Parallel()
				ready := sync.OnceFunc(served.Done)
				defer ready()
				srv := v.start(t, ourAddr+":0", nil)
				conn := client.dial(t, srv.addr)
				exchange(t, conn, probe.Get("absent"), probe.Absent("absent"))
				ready()
				<-gone
				srv.wantReclaimed(t, since)
			})
			t.Run(v.name+", replying", func(t *testing.T) {
				t.Parallel()
				ready := sync.OnceFunc(served.Done)
				defer ready()
				slow := &slowStore{Store: store.NewSharded(0), asked: make(chan struct{}), gone: gone}
				srv := v.start(t, ourAddr+":0", slow)
				conn := client.dial(t, srv.addr)
				exchange(t, conn, probe.Put("k", "v"), probe.Stored)
				_, err := conn.Write(probe.Get("k"))
				require.NoError(t, err)
				<-slow.asked
				ready()
				<-gone // now the server makes its reply, which is never acknowledged
				srv.wantReclaimed(t, since)
			})
		}
	})
}

// wantReclaimed waits until the server has closed its only connection.
func (s *serving) wantReclaimed(t *testing.T, since time.Time) {
	t.Helper()
	// Twice the time that the options allow a peer, and no more: without the
	// options, the kernel retries a reply for a quarter of an hour.
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	st := s.settle(ctx, t)
	t.Attr("seconds_to_reclaim", seconds(time.Since(since)))
	assert.EqualValues(t, 1, st.Closed[server.ClosedBroken.String()], "closed because the connection broke: %+v", st)
}

// dial connects from the machine. The connection is closed when the test ends.
func (m *machine) dial(t *testing.T, addr string) (conn net.Conn) {
	t.Helper()
	var err error
	m.do(func() { conn, err = net.Dial("tcp4", addr) })
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return conn
}

// slowStore answers a get after the client has gone.
type slowStore struct {
	store.Store
	asked chan struct{} // closed by the get
	gone  <-chan struct{}
}

func (s *slowStore) Append(dst, key []byte) (out []byte, found bool, err error) {
	close(s.asked)
	<-s.gone
	return s.Store.Append(dst, key)
}
