//go:build unix

package servercmd

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The HTTP server must not harm the key/value server: whatever HTTP clients do, they
// take few descriptors, little memory and a bounded time.

// debugServer starts the command with a debug server, and returns its host:port.
func debugServer(t *testing.T, args ...string) (p *process, addr string) {
	t.Helper()
	p = start(t, append([]string{"--debug-addr", "127.0.0.1:0"}, args...)...)
	url := p.logged("debug server")["url"].(string)
	t.Cleanup(func() {
		_ = p.Process.Kill()
		p.exit()
	})
	return p, strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/debug/")
}

// talkHTTP returns a connection that fails after a minute.
func talkHTTP(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	require.NoError(t, c.SetDeadline(time.Now().Add(time.Minute)))
	return c
}

// Once, an idle HTTP connection was kept for ever, and a hundred of them left the
// server with no descriptor to accept clients with.
func TestIdleHTTPConnectionsAreFew(t *testing.T) {
	_, addr := debugServer(t)
	const visitors = 40
	ended := make(chan error, visitors)
	for range visitors {
		c := talkHTTP(t, addr)
		_, err := io.WriteString(c, "GET /debug/stats HTTP/1.1\r\nHost: localhost\r\n\r\n")
		require.NoError(t, err)
		r := bufio.NewReader(c)
		resp, err := http.ReadResponse(r, nil)
		require.NoError(t, err, "the next one is served, though others stay")
		_, err = io.Copy(io.Discard, resp.Body)
		require.NoError(t, err)
		go func() {
			_, err := r.ReadByte()
			ended <- err
		}()
	}
	for range visitors - maxAdminConns {
		require.ErrorIs(t, <-ended, io.EOF, "the connections that have waited longest give way")
	}
}

// Once, a body without an end was kept in memory, together with its answer: 1 GB.
func TestAnHTTPBodyHasABound(t *testing.T) {
	_, addr := debugServer(t)
	c := talkHTTP(t, addr)
	_, err := io.WriteString(c, "POST /debug/pprof/symbol HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000000\r\n\r\n")
	require.NoError(t, err)
	const most = 16 << 20 // more than the sockets' buffers and the server's last read hold
	words := []byte(strings.Repeat("0x400000+", 1<<10))
	sent := 0
	for sent < most && err == nil {
		var n int
		n, err = c.Write(words)
		sent += n
	}
	assert.Error(t, err, "the server has closed the connection")
	assert.Less(t, sent, most)
}

// Once, a client could start a trace of a day.
func TestAProfileEndsSoon(t *testing.T) {
	_, addr := debugServer(t)
	get := func(path, typ, body string) int {
		req, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+addr+"/debug/pprof/"+path, strings.NewReader(body))
		require.NoError(t, err)
		if req.Header.Set("Content-Type", typ); typ == "" {
			req.Header = http.Header{}
		}
		resp, err := (&http.Client{Timeout: 30 * time.Second}).Do(req)
		if !assert.NoError(t, err, path) {
			return 0
		}
		defer resp.Body.Close()
		_, err = io.Copy(io.Discard, resp.Body)
		assert.NoError(t, err)
		return resp.StatusCode
	}
	for _, path := range []string{
		"trace?seconds=100000", "trace?seconds=60.5", "trace?seconds=NaN", "trace?seconds=1e400", "profile?seconds=100000", "heap?seconds=100000",
		"profile?seconds=1&seconds=100000",
	} {
		assert.Equal(t, http.StatusBadRequest, get(path, "", ""), path)
	}
	assert.Equal(t, http.StatusOK, get("trace?seconds=0.01", "", ""))
	// Package pprof reads a form in the body as it reads the query.
	form := "--x\r\nContent-Disposition: form-data; name=\"seconds\"\r\n\r\n100000\r\n--x--\r\n"
	assert.Equal(t, http.StatusOK, get("trace", "multipart/form-data; boundary=x", form))
}

// Once, a web page whose name led to this machine could read the profiles (DNS
// rebinding).
func TestAForeignHostIsRefused(t *testing.T) {
	_, addr := debugServer(t)
	_, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	origin := ""
	ask := func(host, site string) int {
		req, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+addr+"/debug/stats", nil)
		require.NoError(t, err)
		if req.Host = host; site != "" {
			req.Header.Set("Sec-Fetch-Site", site)
		}
		if origin != "" {
			req.Header.Set("Origin", origin)
		}
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		defer resp.Body.Close()
		_, _ = io.Copy(io.Discard, resp.Body)
		return resp.StatusCode
	}
	for _, host := range []string{addr, "localhost", "LOCALHOST:" + port, "127.0.0.1", "[::1]", "[::1]:" + port} {
		assert.Equal(t, http.StatusOK, ask(host, ""), host)
	}
	for _, host := range []string{"evil.example", "evil.example:" + port, "localhost.evil.example", "192.0.2.1", "127.0.0.1.evil.example", "0.0.0.0:" + port} {
		assert.Equal(t, http.StatusForbidden, ask(host, ""), host)
	}
	assert.Equal(t, http.StatusForbidden, ask(addr, "cross-site"), "a page elsewhere that does not need to see the answer")
	assert.Equal(t, http.StatusOK, ask(addr, "same-origin"))
	for _, origin = range []string{"http://evil.example", "null", "http://0.0.0.0:" + port} {
		assert.Equal(t, http.StatusForbidden, ask(addr, ""), "Origin: %s", origin)
	}
	origin = "http://" + addr
	assert.Equal(t, http.StatusOK, ask(addr, ""), "its own page")
}

func TestMethodsThatChangeNothingAreAllThereAre(t *testing.T) {
	_, addr := debugServer(t)
	for _, path := range []string{"stats", "vars", "", "pprof/", "pprof/profile?seconds=1", "pprof/heap"} {
		resp, err := http.Post("http://"+addr+"/debug/"+path, "text/plain", strings.NewReader("x"))
		require.NoError(t, err)
		_ = resp.Body.Close()
		assert.Equal(t, http.StatusMethodNotAllowed, resp.StatusCode, path)
	}
}

// The log warns of an address that other machines reach, because there is no password.
func TestServersThatOthersReachAreWarnedOf(t *testing.T) {
	v6 := "[::]:0"
	if ln, err := net.Listen("tcp", "[::1]:0"); err == nil {
		_ = ln.Close()
	} else {
		v6 = "0.0.0.0:0" // there is no IPv6
	}
	for addr, warned := range map[string]bool{"0.0.0.0:0": true, v6: true, "127.0.0.1:0": false, "localhost:0": false, ":0": false} {
		p := start(t, "--addr", addr, "--debug-addr", addr)
		p.logged("listening")
		require.NoError(t, p.Process.Signal(os.Interrupt))
		_, log := p.exit()
		if warned {
			assert.Contains(t, log, "the debug server can be reached from other machines", addr)
			assert.Contains(t, log, "other machines can reach the address", addr)
		} else {
			assert.NotContains(t, log, "WARN", addr)
		}
	}
}

// Once, --addr :7070 meant all addresses of the machine, while --debug-addr :7071 meant
// this machine only.
func TestAnAddressWithoutAHostIsThisMachinesAlone(t *testing.T) {
	p := start(t, "--addr", ":0", "--debug-addr", ":0")
	assert.Contains(t, p.logged("debug server")["url"], "http://127.0.0.1:")
	assert.Contains(t, p.logged("listening")["addr"], "127.0.0.1:")
	require.NoError(t, p.Process.Kill())
	p.exit()
	for text, want := range map[string]string{":7070": "127.0.0.1:7070", "[::]:1": "[::]:1", "0.0.0.0:1": "0.0.0.0:1", "name:http": "name:http"} {
		assert.Equal(t, want, LocalByDefault(text))
	}
}

// over returns a client that reaches everything over a Unix socket.
func over(path string) *http.Client {
	return &http.Client{Timeout: time.Minute, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		},
	}}
}

func TestADebugServerOnAUnixSocket(t *testing.T) {
	dir, err := os.MkdirTemp("", "kv") // short: a socket's name has a limit
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "debug")
	begin := func() *process {
		p := start(t, "--debug-addr", "unix:"+path)
		assert.Equal(t, path, p.logged("debug server")["socket"])
		p.logged("listening")
		return p
	}
	wantServed := func() {
		resp, err := over(path).Get("http://any.name/debug/stats")
		require.NoError(t, err)
		_ = resp.Body.Close()
		assert.Equal(t, http.StatusOK, resp.StatusCode)
	}

	p := begin()
	info, err := os.Lstat(path)
	require.NoError(t, err)
	assert.Equal(t, os.ModeSocket|0o600, info.Mode(), "its owner's alone")
	wantServed()
	second := start(t, "--debug-addr", "unix:"+path)
	code, said := second.exit()
	assert.Equal(t, 1, code)
	assert.Contains(t, said, "in use")
	wantServed()

	require.NoError(t, p.Process.Kill()) // leaves the socket behind
	p.exit()
	assert.FileExists(t, path)
	p = begin()
	wantServed()
	require.NoError(t, p.Process.Signal(os.Interrupt))
	code, said = p.exit()
	assert.Zero(t, code, said)
	assert.NoFileExists(t, path, "it is removed at the end")

	target := filepath.Join(dir, "target")
	for what, plant := range map[string]func() error{
		"a file":            func() error { return os.WriteFile(path, []byte("mine"), 0o600) },
		"a link to nothing": func() error { return os.Symlink(target, path) },
		"a folder":          func() error { return os.Mkdir(path, 0o700) },
	} {
		require.NoError(t, plant(), what)
		p := start(t, "--debug-addr", "unix:"+path)
		code, said := p.exit()
		assert.Equal(t, 1, code, what)
		assert.Contains(t, said, "no socket", what)
		_, err = os.Lstat(path)
		assert.NoError(t, err, "%s is still there", what)
		assert.NoFileExists(t, target)
		require.NoError(t, os.Remove(path))
	}
}
