package kvclient_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ioflavors/ioflavors/common/kv"
	"github.com/ioflavors/ioflavors/common/kvclient"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func dial(t *testing.T, addr string) *kvclient.Client {
	c, err := kvclient.Dial(t.Context(), addr)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

func TestPutGet(t *testing.T) {
	c := dial(t, serve(t))
	for key, value := range map[string]string{
		"key":   "value",
		"":      "of the empty key",
		"empty": "",
		"ключ":  "値🙂",
		"long":  strings.Repeat("v", 1_000_000),
	} {
		_, found, err := c.Get(t.Context(), key)
		require.NoError(t, err)
		assert.False(t, found)
		require.NoError(t, c.Put(t.Context(), key, value))
		got, found, err := c.Get(t.Context(), key)
		require.NoError(t, err)
		assert.True(t, found)
		assert.Equal(t, value, got)
	}
}

func TestDialFails(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ln.Close()
	_, err = kvclient.Dial(t.Context(), ln.Addr().String())
	require.Error(t, err)
}

// An invalid request is not sent, and does not harm the connection.
func TestUnfitRequests(t *testing.T) {
	c := dial(t, serve(t))
	for name, put := range map[string][2]string{
		"key is not valid UTF-8":   {"\xff", "v"},
		"value is not valid UTF-8": {"k", "\xc0\x80"},
		"too large":                {"k", strings.Repeat("v", 1<<20)},
	} {
		require.ErrorContains(t, c.Put(t.Context(), put[0], put[1]), name)
	}
	_, _, err := c.Get(t.Context(), strings.Repeat("k", 2<<20))
	require.ErrorContains(t, err, "too large")
	require.NoError(t, c.Put(t.Context(), "k", "v"))
}

func TestFrameLimit(t *testing.T) {
	addr := serve(t)
	d := kvclient.Dialer{MaxFrame: 100}
	c, err := d.Dial(t.Context(), addr)
	require.NoError(t, err)
	defer c.Close()
	fits := strings.Repeat("v", 100-len("\x0a\x01k\x12\x00\x18\x03@EOF@"))
	require.NoError(t, c.Put(t.Context(), "k", fits))
	require.Error(t, c.Put(t.Context(), "k", fits+"v"))

	// No server with this limit sends such a long reply.
	require.NoError(t, dial(t, addr).Put(t.Context(), "k", strings.Repeat("v", 100_000)))
	_, _, err = c.Get(t.Context(), "k")
	require.ErrorIs(t, err, kvclient.ErrBroken)
	require.ErrorContains(t, err, "too long")
}

func TestServerError(t *testing.T) {
	c := dial(t, serve(t))
	err := c.Put(t.Context(), "refused", "v")
	var refused *kvclient.ServerError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, &kvclient.ServerError{Kind: kv.PutOrUpdate, Reason: kv.StoreError}, refused)
	require.NoError(t, c.Put(t.Context(), "k", "v"), "the client stays usable")
}

// A server that serves no more clients says so, and closes the connection.
func TestRefusedConnection(t *testing.T) {
	c := dial(t, listen(t, func(conn net.Conn) {
		_, _ = conn.Write(notOk(0, "too many clients"))
		_ = conn.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, conn)
	}))
	_, _, err := c.Get(t.Context(), "k")
	var refused *kvclient.ServerError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, "too many clients", refused.Reason)
	require.NotErrorIs(t, err, kvclient.ErrBroken)
	require.ErrorIs(t, c.Put(t.Context(), "k", "v"), kvclient.ErrBroken)
}

func TestConcurrentUse(t *testing.T) {
	c := dial(t, serve(t))
	errs := make(chan error)
	const clients = 8
	for i := range clients {
		go func() {
			errs <- func() error {
				for n := range 200 {
					key, value := fmt.Sprint(i), fmt.Sprint(n)
					if err := c.Put(t.Context(), key, value); err != nil {
						return err
					}
					if got, _, err := c.Get(t.Context(), key); err != nil || got != value {
						return fmt.Errorf("got %q, %v; want %q", got, err, value)
					}
				}
				return nil
			}()
		}()
	}
	for range clients {
		assert.NoError(t, <-errs)
	}
}

func TestClose(t *testing.T) {
	c := dial(t, serve(t))
	require.NoError(t, c.Close())
	require.NoError(t, c.Close())
	err := c.Put(t.Context(), "k", "v")
	require.ErrorIs(t, err, kvclient.ErrBroken)
	require.ErrorIs(t, err, net.ErrClosed)
}

// silent returns the address of a server that reads requests and answers none, and a
// channel that tells of each read.
func silent(t *testing.T) (addr string, asked <-chan struct{}) {
	reads := make(chan struct{}, 100)
	return listen(t, func(conn net.Conn) {
		buf := make([]byte, 100)
		for {
			if _, err := conn.Read(buf); err != nil {
				return
			}
			reads <- struct{}{}
		}
	}), reads
}

func TestCloseInterrupts(t *testing.T) {
	addr, asked := silent(t)
	c := dial(t, addr)
	go func() {
		<-asked
		c.Close()
	}()
	_, _, err := c.Get(t.Context(), "k")
	require.ErrorIs(t, err, kvclient.ErrBroken)
	require.ErrorIs(t, err, net.ErrClosed)
}

func TestDeadline(t *testing.T) {
	addr, _ := silent(t)
	c := dial(t, addr)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, _, err := c.Get(ctx, "k")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorIs(t, err, kvclient.ErrBroken)
	// The reply might still come, and must not be taken for that of another request.
	_, _, err = c.Get(t.Context(), "k2")
	require.ErrorIs(t, err, kvclient.ErrBroken)
	require.ErrorIs(t, err, context.DeadlineExceeded, "the cause stays known")
}

func TestCancel(t *testing.T) {
	addr, asked := silent(t)
	c := dial(t, addr)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	require.ErrorIs(t, c.Put(ctx, "k", "v"), context.Canceled)
}

// A context that is done before the request is sent does no harm, nor does one that
// ends after the exchange.
func TestHarmlessContexts(t *testing.T) {
	c := dial(t, serve(t))
	ctx, cancel := context.WithCancel(t.Context())
	require.NoError(t, c.Put(ctx, "k", "v"))
	cancel()
	err := c.Put(ctx, "k", "w")
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, kvclient.ErrBroken)
	value, _, err := c.Get(t.Context(), "k")
	require.NoError(t, err)
	assert.Equal(t, "v", value)

	// Contexts that end just as the exchange does.
	for i := range 200 {
		c := dial(t, serve(t))
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*2*time.Microsecond)
		if c.Put(ctx, "k", "v") == nil {
			require.NoError(t, c.Put(t.Context(), "k", "w"), "the next exchange is not affected")
		}
		cancel()
	}
}

// A caller that waits for another exchange waits only until its own context is done.
func TestCancelWhileWaiting(t *testing.T) {
	addr, asked := silent(t)
	c := dial(t, addr)
	first := make(chan error)
	go func() { first <- c.Put(t.Context(), "k", "v") }()
	<-asked
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	err := c.Put(ctx, "k", "w")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NotErrorIs(t, err, kvclient.ErrBroken)
	c.Close()
	require.ErrorIs(t, <-first, kvclient.ErrBroken)
}
