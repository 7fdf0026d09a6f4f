// Package kvclient is a client of the key/value servers.
//
//	c, err := kvclient.Dial(ctx, "127.0.0.1:7070")
//	if err != nil {
//		return err
//	}
//	defer c.Close()
//	err = c.Put(ctx, "greeting", "hello")
//	value, found, err := c.Get(ctx, "greeting")
//
// A client has one connection. After an error that is ErrBroken, the caller must
// dial again. The client does not dial again itself, because only the caller knows
// whether a put may be sent twice.
package kvclient

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/ioflavors/ioflavors/common/frame"
	"github.com/ioflavors/ioflavors/common/kv"
)

// ErrBroken is in the chain of every error after which the connection is unusable.
// An exchange that failed, or was interrupted by its context, leaves replies in
// flight that the client could not tell from those of the next exchange. The cause
// is in the chain, too. It is not known whether the requests of that exchange were
// carried out.
var ErrBroken = errors.New("connection is unusable")

// ServerError is the server's reply to a request that it did not carry out. The
// client stays usable, unless the server closes the connection.
type ServerError struct {
	Kind   uint32 // the request's; 0 if the server could not read it, or serves no more clients
	Reason string // in the server's words
}

func (e *ServerError) Error() string { return "the server refused: " + e.Reason }

const (
	// defaultMaxFrame is the servers' default.
	defaultMaxFrame = 1 << 20
	// replySlack is how much longer than the longest request a reply may be, in
	// bytes. A reply also has a status, and a reason may be longer than a small
	// MaxFrame.
	replySlack = 4 << 10
)

// Dialer has the options of a connection. Dial uses its zero value.
type Dialer struct {
	// MaxFrame is the server's frame limit, body and footer, in bytes. Longer
	// requests are not sent. A reply that is more than 4 KiB longer breaks the
	// connection. 0: 1 MiB, the servers' default.
	MaxFrame int
}

// Dial connects to the server at addr, host:port.
func Dial(ctx context.Context, addr string) (*Client, error) {
	return new(Dialer).Dial(ctx, addr)
}

// Dial connects to the server at addr, host:port.
func (d *Dialer) Dial(ctx context.Context, addr string) (*Client, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	c := &Client{
		conn:     conn,
		maxFrame: d.MaxFrame,
		turn:     make(chan struct{}, 1),
	}
	if c.maxFrame == 0 {
		c.maxFrame = defaultMaxFrame
	}
	c.replies = replyReader{r: conn, limit: min(c.maxFrame, frame.MaxLength-replySlack) + replySlack}
	return c, nil
}

// Client is a connection to a server. It is safe for concurrent use: exchanges
// take turns. To have many requests in flight on one connection, use Pipeline.
type Client struct {
	conn     net.Conn
	maxFrame int
	turn     chan struct{} // holds a token while an exchange runs

	// Used only by the exchange that holds the token.
	out     []byte
	replies replyReader
	broken  error
}

// Get returns the value of key. found reports whether there is one.
func (c *Client) Get(ctx context.Context, key string) (value string, found bool, err error) {
	reply, err := c.one(ctx, kv.Message{Key: []byte(key), Kind: kv.Get})
	return reply.Value, reply.Found, err
}

// Put stores value under key.
func (c *Client) Put(ctx context.Context, key, value string) error {
	_, err := c.one(ctx, kv.Message{Key: []byte(key), Value: []byte(value), Kind: kv.PutOrUpdate})
	return err
}

// Close closes the connection. A running exchange fails.
func (c *Client) Close() error {
	err := c.conn.Close()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func (c *Client) one(ctx context.Context, m kv.Message) (Reply, error) {
	if err := c.acquire(ctx); err != nil {
		return Reply{}, err
	}
	defer c.release()
	out, err := appendRequest(c.out[:0], m, c.maxFrame)
	if err != nil {
		return Reply{}, err
	}
	c.out = out
	replies, err := c.exchange(ctx, out, []request{{kind: m.Kind, key: string(m.Key)}})
	if err != nil {
		return Reply{}, err
	}
	return replies[0], replies[0].Err
}

// acquire waits for the token of the caller's exchange, until ctx is done.
func (c *Client) acquire(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case c.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *Client) release() {
	const kept = 64 << 10 // do not keep the memory of one large exchange for ever
	if cap(c.out) > kept {
		c.out = nil
	}
	c.replies.shrink(kept)
	<-c.turn
}

// exchange sends out and reads the replies to requests. It writes and reads at the
// same time, because a server stops reading requests while too many of its replies
// are unread. A client that first wrote all requests could wait for ever. If exchange
// fails, it still returns the replies that came before.
func (c *Client) exchange(ctx context.Context, out []byte, requests []request) ([]Reply, error) {
	if n := len(c.replies.have); n > 0 && c.broken == nil {
		c.broken = fmt.Errorf("%w: the server sent %d bytes more than its replies", ErrBroken, n)
	}
	if c.broken != nil {
		return nil, c.broken
	}
	interrupted, stop := c.interruptible(ctx)
	defer stop()

	// Writing a single small request cannot block for ever: it fits as soon as the
	// server has read the earlier requests.
	const small = 16 << 10
	written := make(chan error, 1)
	if write := func() { _, err := c.conn.Write(out); written <- err }; len(requests) == 1 && len(out) <= small {
		write()
	} else {
		go write()
	}
	replies, err := c.receive(requests)
	if err != nil {
		// Close ends the write if it still waits. If the write itself failed, its
		// error is the cause, because without the request there is no reply.
		c.conn.Close()
		if writeErr := <-written; writeErr != nil && !errors.Is(writeErr, net.ErrClosed) {
			err = fmt.Errorf("%w (%w)", writeErr, err)
		}
		if cause := interrupted(); cause != nil {
			err = cause
		}
		c.broken = fmt.Errorf("%w: %w", ErrBroken, err)
		return replies, c.broken
	}
	if err := <-written; err != nil { // the server has answered requests that were not sent
		c.broken = fmt.Errorf("%w: %w", ErrBroken, err)
	}
	return replies, c.broken
}

// interruptible makes reads and writes fail once ctx is done, until stop is called.
// interrupted then returns the reason.
func (c *Client) interruptible(ctx context.Context) (interrupted func() error, stop func()) {
	if ctx.Done() == nil {
		return func() error { return nil }, func() {}
	}
	done := make(chan struct{})
	cancel := context.AfterFunc(ctx, func() {
		_ = c.conn.SetDeadline(time.Unix(1, 0))
		close(done)
	})
	return ctx.Err, func() {
		if !cancel() {
			// The deadline came too late for this exchange, and must not hit
			// the next one.
			<-done
			_ = c.conn.SetDeadline(time.Time{})
		}
	}
}

// appendRequest appends m in a frame. It returns an error if m is no valid request, or
// is longer than limit.
func appendRequest(dst []byte, m kv.Message, limit int) ([]byte, error) {
	if err := checkText("key", m.Key); err != nil {
		return dst, err
	}
	if err := checkText("value", m.Value); err != nil {
		return dst, err
	}
	// Do not copy a request that is much too large.
	if len(m.Key)+len(m.Value) <= limit {
		out := kv.AppendFrame(dst, m)
		if len(out)-len(dst)-frame.Header <= limit {
			return out, nil
		}
	}
	return dst, fmt.Errorf("request too large: key of %d and value of %d bytes do not fit into a frame of %d", len(m.Key), len(m.Value), limit)
}
