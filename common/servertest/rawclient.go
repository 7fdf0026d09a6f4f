package servertest

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
	"github.com/ioflavors/ioflavors/common/sock"
)

// rawClient is a client with several connections, in one goroutine. Its
// requests allocate nothing, so all allocations of the process meanwhile are
// the server's. Its calls block its thread: Go's poller, which some of the
// models use, does not watch its sockets.
type rawClient struct {
	conns []rawConn
	depth int    // requests in flight on each connection
	buf   []byte // the buffer to read into
}

// rawConn is one connection, with depth encoded requests and their replies.
type rawConn struct {
	fd                int
	requests, replies []byte
}

// addProcessor raises GOMAXPROCS by one until the test ends, and returns the
// new number. The additional processor is for the client, so that the server
// has as many as without a client. Without it, a loop that polls, or that
// keeps its processor while it waits, would leave the client none for 5 or 10
// ms. Call it before the server is made.
func addProcessor(tb testing.TB) int {
	procs := runtime.GOMAXPROCS(0) + 1
	before := runtime.GOMAXPROCS(procs)
	tb.Cleanup(func() { runtime.GOMAXPROCS(before) })
	return procs
}

// exchange is a kind of request of a rawClient, and the expected reply. All
// its requests have the same length, and so have its replies.
type exchange struct {
	name   string
	encode func(key, value string) (request, reply []byte)
}

var (
	getExchange = exchange{"get", func(key, value string) (request, reply []byte) {
		return probe.Get(key), probe.Frame(probe.Body(probe.Found(key, value)))
	}}
	putExchange = exchange{"put", func(key, value string) (request, reply []byte) {
		return probe.Put(key, value), probe.Frame(probe.Body(probe.Stored))
	}}
	rawExchanges = []exchange{getExchange, putExchange}
)

// dialRaw connects to a server and puts the keys for later gets. The
// connections are closed when the test ends. On a system without blocking
// descriptors the test is skipped.
func dialRaw(tb testing.TB, addr string, conns, depth int) *rawClient {
	tb.Helper()
	if !sock.Supported {
		tb.Skip(sock.ErrUnsupported)
	}
	c := &rawClient{depth: depth}
	for range conns {
		nc, err := net.Dial("tcp", addr)
		require.NoError(tb, err)
		fd, err := sock.Blocking(nc)
		require.NoError(tb, err)
		tb.Cleanup(func() { _ = sock.System.Close(fd) })
		require.NoError(tb, sock.SetTimeouts(fd, patience))
		c.conns = append(c.conns, rawConn{fd: fd})
	}
	c.prepare(tb, putExchange)
	return c
}

// prepare encodes the requests of an exchange, each with a key of its own,
// and sends them once: afterwards the server has the buffers that it needs.
func (c *rawClient) prepare(tb testing.TB, op exchange) {
	tb.Helper()
	value := strings.Repeat("v", 64)
	for i := range c.conns {
		conn := &c.conns[i]
		conn.requests, conn.replies = nil, nil
		for slot := range c.depth {
			request, reply := op.encode(fmt.Sprintf("key:%06d:%05d", i, slot), value)
			conn.requests = append(conn.requests, request...)
			conn.replies = append(conn.replies, reply...)
		}
		c.buf = make([]byte, len(conn.replies))
	}
	require.NoError(tb, c.ask(c.most()))
}

// most is the number of requests that can be in flight.
func (c *rawClient) most() int { return len(c.conns) * c.depth }

// ask sends at most n requests, up to depth on each connection, and then reads
// the replies of one connection after the other.
func (c *rawClient) ask(n int) error {
	for i, left := 0, n; left > 0; i, left = i+1, left-c.depth {
		conn := &c.conns[i]
		if err := conn.send(part(conn.requests, left, c.depth)); err != nil {
			return err
		}
	}
	for i, left := 0, n; left > 0; i, left = i+1, left-c.depth {
		conn := &c.conns[i]
		if err := conn.receive(part(conn.replies, left, c.depth), c.buf); err != nil {
			return err
		}
	}
	return nil
}

// part returns the first n of the depth messages in all, which have equal
// lengths.
func part(all []byte, n, depth int) []byte { return all[:len(all)/depth*min(n, depth)] }

func (c *rawConn) send(requests []byte) error {
	for len(requests) > 0 {
		n, err := again(sock.BlockingWrite, c.fd, requests)
		if err != nil {
			return err
		}
		requests = requests[n:]
	}
	return nil
}

// receive reads len(want) bytes into buf; they must equal want.
func (c *rawConn) receive(want, buf []byte) error {
	got := 0
	for got < len(want) {
		n, err := again(sock.BlockingRead, c.fd, buf[got:len(want)])
		if err != nil {
			return err
		}
		got += n
	}
	if !bytes.Equal(buf[:got], want) {
		return fmt.Errorf("expected the replies %s; got %s", probe.Hex(want), probe.Hex(buf[:got]))
	}
	return nil
}

// again repeats a call on a blocking descriptor if the thread was
// interrupted. The runtime interrupts threads to stop a goroutine, for
// example for garbage collection.
func again(call func(int, []byte) (int, error), fd int, p []byte) (int, error) {
	n, err := call(fd, p)
	for first := time.Now(); err == sock.ErrWouldBlock; n, err = call(fd, p) {
		if time.Since(first) > patience {
			return 0, errors.New("the server reads no requests or sends no replies")
		}
	}
	return n, err
}
