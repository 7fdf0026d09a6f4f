package resp_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/buffer"
	"github.com/ioflavors/ioflavors/common/resp"
	"github.com/ioflavors/ioflavors/common/session"
)

// maxRequest is the limit of the tests' servers, in bytes.
const maxRequest = 1 << 20

// start starts a protocol as a server does.
func start(t require.TestingT, cfg resp.Config) *resp.Protocol {
	p := resp.New(cfg)
	require.NoError(t, p.Start(session.Env{}))
	return p
}

// client is a connection without a network.
type client struct {
	s session.Session
}

func connect(p session.Protocol) *client {
	return &client{session.New(&session.Config{
		Protocol: p, Buffers: buffer.NewPool(64 << 20), MaxRequest: maxRequest, OutputHigh: 1 << 20, OutputLow: 1 << 19,
	})}
}

// send sends bytes and returns the replies to them.
func (c *client) send(text string) string {
	c.s.Feed([]byte(text))
	return c.received()
}

func (c *client) received() string {
	var got strings.Builder
	for len(c.s.Output()) > 0 {
		got.Write(c.s.Output())
		c.s.Sent(len(c.s.Output()))
	}
	return got.String()
}

// do sends a command as clients do, and returns the reply.
func (c *client) do(words ...string) string { return c.send(array(words...)) }

// array is a command as clients send it.
func array(words ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(words))
	for _, word := range words {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(word), word)
	}
	return b.String()
}

// fields is array of the words in a text.
func fields(text string) string { return array(strings.Fields(text)...) }

func replies(t *testing.T, c *client, pairs ...string) {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		require.Equal(t, strings.ReplaceAll(pairs[i+1], "|", "\r\n"), c.send(fields(pairs[i])), pairs[i])
	}
}
