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
// A client has one connection. It does not dial again: after an error that is
// ErrBroken, the caller does that, who knows whether a put may be sent twice.
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

// ErrBroken is in the chain of every error after which the connection cannot be
// used any more: an exchange that failed, or was interrupted by its context,
// leaves replies under way that nobody could tell from the next one's. The
// cause is in the chain too. Whether the requests of that exchange were carried
// out is not known.
var ErrBroken = errors.New("connection is unusable")

// ServerError is the server's reply to a request that it did not carry out. The
// client stays usable, unless the server closes the connection.
type ServerError struct {
	Kind   uint32 // the request's; 0 if the server could not make it out, or serves no more clients
	Reason string // in the server's words
}

func (e *ServerError) Error() string { return "the server refused: " + e.Reason }

const (
	// defaultMaxFrame is the servers' default.
	defaultMaxFrame = 1 << 20
	// replySlack is how much longer than the longest request a reply may be,
	// in bytes: a reason beside a key of any size.
	replySlack = 4 << 10
)

// Dialer is how to connect. Its zero value is what Dial uses.
type Dialer struct {
	// MaxFrame is the server's frame limit, body and footer, in bytes. Longer
	// requests are not sent; longer replies, by more than a little, break
	// the connection. 0: 1 MiB, as the servers have it.
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
// take turns. To have many requests under way on one connection, use Pipeline.
type Client struct {
	conn     net.Conn
	maxFrame int
	turn     chan struct{} // holds a token while an exchange runs

	// For whoever has its turn.
	out     []byte
	replies replyReader
	broken  error
}

// Get returns the value of key, and whether there is one.
func (c *Client) Get(ctx context.Context, key string) (value string, found bool, err error) {
	reply, err := c.one(ctx, kv.Message{Key: []byte(key), Kind: kv.Get})
	return reply.Value, reply.Found, err
}

// Put stores value under key.
func (c *Client) Put(ctx context.Context, key, value string) error {
	_, err := c.one(ctx, kv.Message{Key: []byte(key), Value: []byte(value), Kind: kv.PutOrUpdate})
	return err
}

// Close closes the connection. An exchange that is under way fails.
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

// acquire waits for the caller's turn, as long as its context lets it.
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
	const kept = 64 << 10 // one large exchange should not cost its memory for ever
	if cap(c.out) > kept {
		c.out = nil
	}
	c.replies.shrink(kept)
	<-c.turn
}

// exchange sends out and reads the replies to requests. It writes and reads at
// the same time: a server stops reading requests while too many of its replies
// are unread, so a client that writes all first can wait for ever. When it
// fails, the replies that came before are returned too.
func (c *Client) exchange(ctx context.Context, out []byte, requests []request) ([]Reply, error) {
	if n := len(c.replies.have); n > 0 && c.broken == nil {
		c.broken = fmt.Errorf("%w: the server sent %d bytes more than its replies", ErrBroken, n)
	}
	if c.broken != nil {
		return nil, c.broken
	}
	interrupted, stop := c.interruptible(ctx)
	defer stop()

	// A single small request always has room, if not at once then as soon as
	// the server has read what came before it.
	const small = 16 << 10
	written := make(chan error, 1)
	if write := func() { _, err := c.conn.Write(out); written <- err }; len(requests) == 1 && len(out) <= small {
		write()
	} else {
		go write()
	}
	replies, err := c.receive(requests)
	if err != nil {
		// Ends the write, if it still waits. Its own error, if any, is the
		// cause: without the request there is no reply.
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
	if err := <-written; err != nil { // the server has answered what was not sent
		c.broken = fmt.Errorf("%w: %w", ErrBroken, err)
	}
	return replies, c.broken
}

// interruptible sees to it that reading and writing fail once ctx is done.
// interrupted then returns why; stop ends that.
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
			// Too late to do harm, if the exchange got through: the next
			// one must not find the deadline.
			<-done
			_ = c.conn.SetDeadline(time.Time{})
		}
	}
}

// appendRequest appends m in a frame, if it is a request that a server can take.
func appendRequest(dst []byte, m kv.Message, limit int) ([]byte, error) {
	if err := checkText("key", m.Key); err != nil {
		return dst, err
	}
	if err := checkText("value", m.Value); err != nil {
		return dst, err
	}
	// Nothing is copied for a request that is much too large.
	if len(m.Key)+len(m.Value) <= limit {
		out, mark := frame.Begin(dst)
		out = frame.End(kv.AppendMessage(out, m), mark)
		if len(out)-mark-frame.Header <= limit {
			return out, nil
		}
	}
	return dst, fmt.Errorf("request too large: key of %d and value of %d bytes do not fit into a frame of %d", len(m.Key), len(m.Value), limit)
}
