//go:build unix

package multiblocking_test

import (
	"errors"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/multiblocking"
)

// pipe is a connection on which setsockopt fails, because it is no socket.
type pipe struct{ *os.File }

func (pipe) LocalAddr() net.Addr  { return nil }
func (pipe) RemoteAddr() net.Addr { return nil }

// pipes is a listener that accepts the connections of a channel, until it is closed.
type pipes struct {
	net.Listener
	next   chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-l.next:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipes) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// lines is a log to which several goroutines may write.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// A thread cannot serve a client whose socket takes no timeout. The log says so,
// but not for each client.
func TestAClientThatIsDroppedHasALineInTheLog(t *testing.T) {
	const clients = 20
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	accepting := &pipes{Listener: ln, next: make(chan net.Conn), closed: make(chan struct{})}
	var log lines
	srv := multiblocking.New(multiblocking.Config{
		Config:    server.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))},
		OSThreads: true,
	})
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(accepting) }()
	for range clients {
		r, w, err := os.Pipe()
		require.NoError(t, err)
		defer w.Close()
		accepting.next <- pipe{r}
	}
	require.Eventually(t, func() bool { return srv.Stats().Closed["failed"] == clients }, eventually, tick)
	require.NoError(t, srv.Close())
	assert.True(t, errors.Is(<-ended, server.ErrServerClosed))

	require.Eventually(t, func() bool { return strings.Contains(log.String(), "its client is dropped") }, eventually, tick)
	assert.Less(t, strings.Count(log.String(), "its client is dropped"), clients, log.String())
	assert.Contains(t, log.String(), "setsockopt")
}
