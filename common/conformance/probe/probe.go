// Package probe is a client for tests of servers: it sends any bytes, right or
// wrong, and compares the reply with the expected one.
//
// It shares no code with the servers except the generated message, so a
// mistake in their framing or encoding is not made twice.
package probe

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	kvpb "github.com/ioflavors/ioflavors/common/proto/ioflavors/kv/v1"
)

// T receives the failures of a probe: a *testing.T, or the T that Try makes.
// Fatalf does not return.
type T interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
}

// maxReply is the longest reply that a probe reads, in bytes: more than any
// test requests, and little enough to allocate for a faulty server.
const maxReply = 64 << 20

// Conn is a connection to the server under test. A failed expectation ends the
// test and reports the bytes sent, the expected reply and the actual one. Only
// one goroutine may use a Conn at a time, except for the write of Start.
type Conn struct {
	*net.TCPConn
	t    T
	in   *bufio.Reader
	sent []byte // last, for failure messages
	show func([]byte) string
}

// Dial connects to addr. The connection is closed when t ends; its calls
// fail when ctx is done.
func Dial(ctx context.Context, t T, addr string) *Conn {
	t.Helper()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		t.Fatalf("expected the server to accept a connection; got: %v", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	t.Cleanup(func() {
		stop()
		conn.Close()
	})
	return &Conn{TCPConn: conn.(*net.TCPConn), t: t, in: bufio.NewReader(conn), show: Hex}
}

// Send writes all parts in one write.
func (c *Conn) Send(parts ...[]byte) {
	c.t.Helper()
	c.sent = concat(parts)
	if _, err := c.Write(c.sent); err != nil {
		c.t.Fatalf("expected the server to take %s; got: %s", c.show(c.sent), describe(err))
	}
}

// Start writes all parts in one write, in the background. The caller must read
// meanwhile, because the server may stop reading while its replies are not
// read. wait returns when all is written.
func (c *Conn) Start(parts ...[]byte) (wait func()) {
	return c.start(func() error { return nil }, parts)
}

// StartLast is Start, followed by a FIN.
func (c *Conn) StartLast(parts ...[]byte) (wait func()) { return c.start(c.CloseWrite, parts) }

func (c *Conn) start(then func() error, parts [][]byte) (wait func()) {
	c.sent = concat(parts)
	done := make(chan error, 1)
	go func(data []byte) {
		_, err := c.Write(data)
		if err == nil {
			err = then()
		}
		done <- err
	}(c.sent)
	return func() {
		c.t.Helper()
		if err := <-done; err != nil {
			c.t.Fatalf("expected the server to take %s; got: %s", c.show(c.sent), describe(err))
		}
	}
}

// Want reads the next reply, which must be want.
func (c *Conn) Want(want Message) {
	c.t.Helper()
	if got := c.receive(want.String()); got != want {
		c.unexpected(want.String(), got.String())
	}
}

// WantError reads the next reply, which must report an error: NotOk, no key,
// and a reason in words as its value. kind is the kind of the request, 0 if
// the server could not read it. WantError returns the reason.
func (c *Conn) WantError(kind uint32) (reason string) {
	c.t.Helper()
	want := fmt.Sprintf("a reply of kind %d, NotOk, without key, with a reason as value", kind)
	got := c.receive(want)
	if got.Kind != kind || got.Status != NotOk || got.Key != "" || got.Value == "" || !utf8.ValidString(got.Value) {
		c.unexpected(want, got.String())
	}
	return got.Value
}

// WantBytes reads the next len(want) bytes, which must be want.
func (c *Conn) WantBytes(want []byte) {
	c.t.Helper()
	got := make([]byte, len(want))
	n, err := io.ReadFull(c.in, got)
	if err != nil {
		c.unexpected("the bytes "+Hex(want), fmt.Sprintf("%s, then %s", Hex(got[:n]), describe(err)))
	}
	if string(got) != string(want) {
		c.unexpected("the bytes "+Hex(want), Hex(got))
	}
}

// WantEnd expects the server to end its stream with a FIN, without another
// reply. A reset instead may destroy replies on their way.
func (c *Conn) WantEnd() {
	c.t.Helper()
	const want = "the server to close the connection (FIN, no more bytes)"
	b, err := c.in.ReadByte()
	switch {
	case err == nil:
		_ = c.in.UnreadByte()
		rest, _ := c.in.Peek(c.in.Buffered())
		c.unexpected(want, fmt.Sprintf("more bytes, beginning with %02x: %s", b, c.show(rest)))
	case err != io.EOF:
		c.unexpected(want, describe(err))
	}
}

// WantClosed expects the connection to end, by FIN or by reset, after any
// further replies.
func (c *Conn) WantClosed() {
	c.t.Helper()
	if _, err := io.Copy(io.Discard, c.in); Expired(err) {
		c.unexpected("the server to close the connection", describe(err))
	}
}

// Ended waits for the next byte, and reports whether the stream ended between
// two replies instead.
func (c *Conn) Ended() bool {
	_, err := c.in.Peek(1)
	return err != nil && !Expired(err)
}

// For returns the connection for use in a goroutine with another T.
func (c *Conn) For(t T) *Conn { return &Conn{TCPConn: c.TCPConn, t: t, in: c.in, show: c.show} }

// Receive reads the next reply, whatever it says.
func (c *Conn) Receive() Message {
	c.t.Helper()
	return c.receive("a reply")
}

func (c *Conn) receive(want string) Message {
	c.t.Helper()
	m, err := c.read()
	if err != nil {
		c.unexpected(want, describe(err))
	}
	return m
}

func (c *Conn) read() (Message, error) {
	var header [4]byte
	if n, err := io.ReadFull(c.in, header[:]); err != nil {
		return Message{}, truncated(err, n, 4)
	}
	length := binary.LittleEndian.Uint32(header[:])
	if length < uint32(len(footer)) || length > maxReply {
		return Message{}, fmt.Errorf("a frame with the length bytes %x, which are %d, little endian", header, length)
	}
	data := make([]byte, length)
	if n, err := io.ReadFull(c.in, data); err != nil {
		return Message{}, truncated(err, n+4, int(length)+4)
	}
	body, end := data[:len(data)-len(footer)], data[len(data)-len(footer):]
	if string(end) != footer {
		return Message{}, fmt.Errorf("a frame that ends in %q instead of %q: %s", end, footer, Hex(concat([][]byte{header[:], data})))
	}
	var m kvpb.KeyValueMessage
	if err := proto.Unmarshal(body, &m); err != nil {
		return Message{}, fmt.Errorf("a body that is no KeyValueMessage (%w): %s", err, Hex(body))
	}
	return Message{Key: m.Key, Value: m.Value, Kind: m.Kind, Status: int32(m.Status)}, nil
}

func truncated(err error, got, want int) error {
	if err == io.ErrUnexpectedEOF || (err == io.EOF && got > 0) {
		return fmt.Errorf("%d of %d bytes of a frame, then %s", got, want, ended)
	}
	return err
}

func (c *Conn) unexpected(want, got string) {
	c.t.Helper()
	c.t.Fatalf("sent %s; expected %s; got %s", c.show(c.sent), want, got)
}

// Reset closes the connection with a RST instead of a FIN.
func (c *Conn) Reset() {
	_ = c.SetLinger(0)
	c.Close()
}

// Leave closes the connection, and returns when the server's kernel has the FIN, or after
// some seconds. On a busy machine another client's SYN may otherwise come before the FIN,
// even over loopback.
func (c *Conn) Leave() {
	_ = c.SetLinger(leaveSeconds)
	c.Close()
}

const leaveSeconds = 5

// HalfClose sends a FIN; replies can still be read.
func (c *Conn) HalfClose() {
	c.t.Helper()
	if err := c.CloseWrite(); err != nil {
		c.t.Fatalf("expected to end the requests with a FIN; got: %s", describe(err))
	}
}

// Expired reports whether err means that the test's time was up.
func Expired(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }

// The words of a failure message for an ended connection.
const (
	ended = "the end of the stream"
	reset = "a connection reset (RST)"
)

// SaysEnded reports whether a failure says that the server ended a
// connection.
func SaysEnded(failure string) bool {
	return strings.Contains(failure, ended) || strings.Contains(failure, reset)
}

func describe(err error) string {
	switch {
	case Expired(err):
		return "nothing until the time was up"
	case err == io.EOF:
		return ended + " (FIN)"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return reset
	default:
		return err.Error()
	}
}

func concat(parts [][]byte) []byte {
	if len(parts) == 1 {
		return parts[0]
	}
	var all []byte
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}
