package servercmd

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pipes is a listener whose connections work in fake time.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

func (p *pipes) dial() net.Conn {
	ours, theirs := net.Pipe()
	p.conns <- theirs
	return ours
}

// inFakeTime runs a test with an HTTP server that reads a request's body and replies. It
// replies to /wait after maxProfile.
func inFakeTime(t *testing.T, test func(t *testing.T, p *pipes)) {
	t.Helper()
	inFakeTimeLogging(t, io.Discard, test)
}

func inFakeTimeLogging(t *testing.T, log io.Writer, test func(t *testing.T, p *pipes)) {
	synctest.Test(t, func(t *testing.T) {
		p := &pipes{make(chan net.Conn), make(chan struct{})}
		a := newAdmin(p, ":0", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/panic" {
				panic("a bug")
			}
			if r.URL.Path == "/wait" {
				_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(maxProfile + adminTimeout)) // as package pprof does
				select {
				case <-time.After(maxProfile):
				case <-r.Context().Done():
					panic("a profile is broken off")
				}
			}
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = io.WriteString(w, "done"+strings.Repeat(".", 1<<16))
		}), slog.New(slog.NewTextHandler(log, nil)))
		test(t, p)
		require.NoError(t, a.Close())
	})
}

const getLine = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"

// The connection of a slow client ends, in whatever way the client is slow.
func TestASlowHTTPClientIsClosedInTime(t *testing.T) {
	for what, test := range map[string]struct {
		do    func(c net.Conn)
		after time.Duration
	}{
		"sends nothing":         {func(net.Conn) {}, adminTimeout},
		"sends half a header":   {func(c net.Conn) { _, _ = io.WriteString(c, getLine[:20]) }, adminTimeout},
		"asks nothing more":     {func(c net.Conn) { ask(c, getLine) }, adminIdle},
		"stops in the next one": {func(c net.Conn) { ask(c, getLine); _, _ = io.WriteString(c, getLine[:20]) }, adminTimeout},
		"does not send its body": {func(c net.Conn) {
			_, _ = io.WriteString(c, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n")
		}, adminTimeout},
		"does not take its reply": {func(c net.Conn) {
			_, _ = io.WriteString(c, getLine)
			_, _ = c.Read(make([]byte, 1))
			time.Sleep(2 * adminTimeout)
		}, 2 * adminTimeout},
	} {
		t.Run(what, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, p *pipes) {
				c := p.dial()
				began := time.Now()
				test.do(c)
				if _, err := io.Copy(io.Discard, c); err != nil {
					require.ErrorIs(t, err, io.ErrClosedPipe)
				}
				assert.Equal(t, test.after, time.Since(began))
			})
		})
	}
}

// ask sends a request and takes the reply.
func ask(c net.Conn, request string) {
	_, _ = io.WriteString(c, request)
	var got strings.Builder
	for buf := make([]byte, 1<<10); !strings.HasSuffix(got.String(), "...\r\n0\r\n\r\n"); {
		n, err := c.Read(buf)
		got.Write(buf[:n])
		if err != nil {
			panic(err)
		}
	}
}

// The limits for slow clients do not end the longest permitted profile.
func TestTheLongestProfileIsNotBrokenOff(t *testing.T) {
	inFakeTime(t, func(_ *testing.T, p *pipes) {
		c := p.dial()
		ask(c, strings.Replace(getLine, "/", "/wait", 1))
		_ = c.Close()
	})
}

// While a profile is taken, its connection does not give way to others, even to many.
func TestARequestThatIsAnsweredKeepsItsConnection(t *testing.T) {
	inFakeTime(t, func(t *testing.T, p *pipes) {
		answered := make(chan struct{})
		busy := p.dial()
		go func() {
			ask(busy, strings.Replace(getLine, "/", "/wait", 1))
			close(answered)
		}()
		synctest.Wait()
		var idle []net.Conn
		for range 10 {
			idle = append(idle, p.dial())
			synctest.Wait()
		}
		<-answered
		_ = busy.Close()
		for _, c := range idle {
			_ = c.Close()
		}
	})
}

// If all connections are being answered, a new one is closed. There is a place again when
// one of them has its reply.
func TestOneConnectionTooManyIsClosed(t *testing.T) {
	inFakeTime(t, func(t *testing.T, p *pipes) {
		answered := make(chan net.Conn)
		for range maxAdminConns {
			c := p.dial()
			go func() {
				ask(c, strings.Replace(getLine, "/", "/wait", 1))
				answered <- c
			}()
			synctest.Wait()
		}
		_, err := p.dial().Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)
		first := <-answered
		synctest.Wait() // until the server has noted it
		c := p.dial()
		ask(c, getLine)
		_ = c.Close()
		_ = first.Close()
		for range maxAdminConns - 1 {
			_ = (<-answered).Close()
		}
	})
}

// net/http logs a line for each failed accept and each handler that panics. Clients must
// not be able to fill a disk with such lines.
func TestHTTPClientsCannotFillTheLog(t *testing.T) {
	log := new(strings.Builder)
	inFakeTimeLogging(t, log, func(_ *testing.T, p *pipes) {
		for range 3 {
			for range 100 {
				c := p.dial()
				_, _ = io.WriteString(c, strings.Replace(getLine, "/", "/panic", 1))
				_, _ = io.Copy(io.Discard, c)
			}
			time.Sleep(time.Second)
		}
	})
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	require.Len(t, lines, 3)
	assert.Contains(t, lines[0], "suppressed=0")
	assert.Contains(t, lines[1], "suppressed=99")
}
