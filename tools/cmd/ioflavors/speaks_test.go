package main

import (
	"bufio"
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// answering is a server that answers each line with the result of reply, and
// closes the connection if that is "".
func answering(t *testing.T, reply func(line string) string) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				lines := bufio.NewReader(conn)
				for {
					line, err := lines.ReadString('\n')
					answer := reply(strings.TrimSpace(line))
					if err != nil || answer == "" {
						return
					}
					_, _ = io.WriteString(conn, answer)
				}
			}()
		}
	}()
	return ln.Addr().String()
}

// A user of load or get learns which protocol the server speaks, not only
// that it closed the connection.
func TestAWrongProtocolIsNamed(t *testing.T) {
	redis := answering(t, func(line string) string {
		if line == "PING" {
			return "+PONG\r\n"
		}
		return "" // as after a protocol error
	})
	memcached := answering(t, func(line string) string { return "ERROR\r\n" })
	web := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(web.Close)
	page := answering(t, func(line string) string { return "<!DOCTYPE HTML>\n<p>Bad request" })
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	ours := startModel(t)

	for addr, want := range map[string]string{
		redis:                           "speaks Redis's protocol (load --protocol resp)",
		memcached:                       "speaks memcached's protocol (load --protocol memcached)",
		web.Listener.Addr().String():    "speaks HTTP",
		page:                            "speaks HTTP",
		secure.Listener.Addr().String(): "speaks TLS",
	} {
		for _, args := range [][]string{
			{"load", addr, "-d", "100ms", "--reply-timeout", "200ms"},
			{"load", addr, "-d", "100ms", "--reply-timeout", "200ms", "--warmup", "0s", "--no-preload"},
			{"get", "k", "--addr", addr, "--timeout", "200ms"},
		} {
			code, _, stderr := ioflavors(t, args...)
			assert.Equal(t, 1, code, "%v", args)
			assert.Contains(t, stderr, "the server at "+addr+" "+want, "%v", args)
		}
	}
	code, _, stderr := ioflavors(t, "load", ours, "-d", "100ms", "--protocol", "resp", "--reply-timeout", "200ms")
	assert.Equal(t, 1, code)
	assert.Contains(t, stderr, "speaks this project's protocol (load --protocol kv)")

	// mistaken guesses nothing if the server speaks the right protocol, or if
	// there is no server.
	what, protocol := speaks(t.Context(), nobody(t))
	assert.Empty(t, what)
	assert.Empty(t, protocol)
	assert.EqualError(t, mistaken(t.Context(), ours, load.KV, io.EOF), "EOF")
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	assert.EqualError(t, mistaken(stopped, redis, load.KV, io.EOF), "EOF")
}
