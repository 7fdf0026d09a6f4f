// Package exampletest tests an example: its conversation on every model, its help, and
// its process.
package exampletest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ioflavors/ioflavors/common/exchanges"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servercmd"
)

// asProgram in the environment makes the test binary the example.
const asProgram = "EXAMPLETEST_AS_PROGRAM"

// patience is how long a test waits for what must happen.
const patience = time.Minute

// Main is TestMain's body.
func Main(m *testing.M, p servercmd.Program) {
	if os.Getenv(asProgram) != "" {
		servercmd.Main(p)
	}
	goleak.VerifyTestMain(m)
}

// Run tests the example in the present folder, whose conversation is in talk.txt. last,
// if it is not empty, is a request that ends the connection, and lastReply is all that
// the client gets then.
func Run(t *testing.T, p servercmd.Program, last, lastReply string) {
	t.Run("size", testSize)
	talk, err := exchanges.Load("talk.txt")
	require.NoError(t, err)
	assert.Len(t, p.Models, 5)
	for _, model := range p.Models {
		t.Run("help/"+model.Model, func(t *testing.T) { testHelp(t, p, model) })
		for _, v := range model.Variants {
			name := strings.Join(append([]string{model.Model}, v.Args...), " ")
			t.Run(name, func(t *testing.T) {
				need(t, model)
				addr := serve(t, p, model, v)
				converse(t, addr, talk, !v.OneAtATime())
				if last != "" {
					c := dial(t, addr)
					send(t, c, last)
					rest, err := io.ReadAll(c)
					assert.NoError(t, err)
					assert.Equal(t, lastReply, string(rest))
				}
			})
		}
		t.Run("process/"+model.Model, func(t *testing.T) {
			need(t, model)
			testProcess(t, model, talk)
		})
	}
	t.Run("wrong flags", func(t *testing.T) { testWrongFlags(t, p) })
}

func need(t *testing.T, model server.Command) {
	t.Helper()
	if model.Available != nil {
		if err := model.Available(); err != nil {
			t.Skip(err)
		}
	}
}

// testSize: an example is read at a glance.
func testSize(t *testing.T) {
	text, err := os.ReadFile("main.go")
	require.NoError(t, err)
	assert.Less(t, bytes.Count(text, []byte("\n")), 60, "lines of main.go")
}

// serve serves the example in this process, and returns its address.
func serve(t *testing.T, p servercmd.Program, model server.Command, v server.Variant) (addr string) {
	t.Helper()
	srv, err := model.New(server.Config{Protocol: p.Protocols[0].Protocol, Logger: slog.New(slog.DiscardHandler)}, v.Args...)
	require.NoError(t, err)
	require.NoError(t, srv.Validate())
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(ln) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		assert.NoError(t, srv.Shutdown(ctx))
		assert.ErrorIs(t, <-ended, server.ErrServerClosed)
		assert.Zero(t, srv.Stats().BufferBytes)
	})
	return ln.Addr().String()
}

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := net.DialTimeout("tcp", addr, patience)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	require.NoError(t, c.SetDeadline(time.Now().Add(patience)))
	return c
}

func send(t *testing.T, c net.Conn, text string) {
	t.Helper()
	_, err := c.Write([]byte(text))
	require.NoError(t, err)
}

// converse has a conversation with the server: one exchange after the other, all at once,
// and byte by byte. If several is set, other clients have it at the same time.
func converse(t *testing.T, addr string, talk []exchanges.Exchange, several bool) {
	t.Helper()
	var requests, replies []byte
	for _, e := range talk {
		requests, replies = append(requests, e.Request...), append(replies, e.Reply...)
	}
	clients := 1
	if several {
		clients = 3
	}
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			assert.NoError(t, talkTo(addr, func(c net.Conn) error {
				for _, e := range talk {
					if err := ask(c, e.Request, e.Reply); err != nil {
						return err
					}
				}
				return nil
			}))
			assert.NoError(t, talkTo(addr, func(c net.Conn) error { return ask(c, requests, replies) }))
			assert.NoError(t, talkTo(addr, func(c net.Conn) error {
				for i := range requests {
					if _, err := c.Write(requests[i : i+1]); err != nil {
						return err
					}
				}
				return ask(c, nil, replies)
			}))
		})
	}
	wg.Wait()
}

// talkTo runs a conversation on a connection of its own, and closes it.
func talkTo(addr string, conversation func(c net.Conn) error) error {
	c, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	return conversation(c)
}

func ask(c net.Conn, request, reply []byte) error {
	if _, err := c.Write(request); err != nil {
		return err
	}
	got := make([]byte, len(reply))
	if _, err := io.ReadFull(c, got); err != nil {
		return err
	}
	if !bytes.Equal(got, reply) {
		return errors.New("got " + string(got) + ", want " + string(reply))
	}
	return nil
}

// limits are a program's flags, all set.
var limits = []string{
	"--max-frame", "64KiB", "--max-conns", "100", "--max-conns-per-peer", "50", "--idle-timeout", "1m", "--frame-timeout", "1m",
	"--write-timeout", "1m", "--output-limit", "1MiB", "--memory-limit", "64MiB", "--drain-timeout", "30s",
	"--log-format", "text", "--log-level", "debug",
}

// testHelp looks for what a user must find in the help, and for words of another
// protocol.
func testHelp(t *testing.T, p servercmd.Program, model server.Command) {
	var stdout, stderr bytes.Buffer
	require.Zero(t, servercmd.Run(t.Context(), p, []string{"--model", model.Model, "--help"}, &stdout, &stderr))
	help := stdout.String()
	assert.Empty(t, stderr.String())
	assert.True(t, strings.HasPrefix(help, p.Name+": "+p.Summary+". "+model.Summary+"\n\nusage: "+p.Name+" [flags]\n"), help)
	for i := 0; i < len(limits); i += 2 {
		assert.Contains(t, help, "\n  "+limits[i]+" ")
	}
	for _, name := range []string{"--addr host:port", "--debug-addr host:port", "--model name"} {
		assert.Contains(t, help, "\n  "+name+"\n")
	}
	for _, v := range model.Variants {
		for _, arg := range v.Args {
			if strings.HasPrefix(arg, "--") {
				assert.Regexp(t, "\n  "+arg+"[ \n]", help, "the model's own flag")
			}
		}
	}
	for _, other := range p.Models {
		assert.Contains(t, help, other.Model)
	}
	for _, foreign := range []string{"key", "value", "store", "footer", "--protocol"} {
		assert.NotContains(t, help, foreign)
	}
}

// testWrongFlags: each is one line, and the exit code 2.
func testWrongFlags(t *testing.T, p servercmd.Program) {
	for says, args := range map[string][]string{
		`--model "epoll": want `:    {"--model", "epoll"},
		"no flag --x":               {"--x"},
		"unexpected argument \"x\"": {"x"},
		"--addr \"nowhere\": ":      {"--addr", "nowhere"},
		"for flag --max-frame: ":    {"--max-frame", "many"},
	} {
		var stdout, stderr bytes.Buffer
		assert.Equal(t, 2, servercmd.Run(t.Context(), p, args, &stdout, &stderr), "%v", args)
		assert.Empty(t, stdout.String())
		assert.True(t, strings.HasPrefix(stderr.String(), p.Name+": "), stderr.String())
		assert.Contains(t, stderr.String(), says)
		assert.Equal(t, 1, strings.Count(stderr.String(), "\n"), stderr.String())
	}
}
