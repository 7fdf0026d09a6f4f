package kvclient_test

import (
	"io"
	"math"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/kv"
	"github.com/ioflavors/ioflavors/common/kvclient"
	kvpb "github.com/ioflavors/ioflavors/common/proto/ioflavors/kv/v1"
)

func message(m kv.Message) []byte {
	return kv.AppendFrame(nil, m)
}

func notOk(kind uint32, reason string) []byte {
	return message(kv.Message{Kind: kind, Value: []byte(reason), Status: kvpb.Status_NotOk})
}

// replying returns the address of a server that answers any request with the same
// bytes, one by one, and closes the connection.
func replying(t *testing.T, reply []byte) string {
	return listen(t, func(conn net.Conn) {
		if _, err := conn.Read(make([]byte, 100)); err != nil {
			return
		}
		for i := range reply {
			if _, err := conn.Write(reply[i : i+1]); err != nil {
				return
			}
		}
		_ = conn.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, conn)
	})
}

func TestReplyInParts(t *testing.T) {
	c := dial(t, replying(t, message(kv.Message{Key: []byte("k"), Value: []byte("value"), Kind: kv.GetResponse})))
	value, found, err := c.Get(t.Context(), "k")
	require.NoError(t, err)
	assert.True(t, found)
	assert.Equal(t, "value", value)
}

// A reply may be somewhat longer than MaxFrame. Once that sum overflowed, and then there
// was no limit at all, or one that every reply exceeded.
func TestNoLimitOfTheClientsIsTooLarge(t *testing.T) {
	d := kvclient.Dialer{MaxFrame: math.MaxInt}
	c, err := d.Dial(t.Context(), replying(t, message(kv.Message{Key: []byte("k"), Value: []byte("value"), Kind: kv.GetResponse})))
	require.NoError(t, err)
	defer c.Close()
	value, _, err := c.Get(t.Context(), "k")
	require.NoError(t, err)
	assert.Equal(t, "value", value)
}

// A message that cannot be the reply to a get of k breaks the connection, and the error
// says what came instead.
func TestWrongReplies(t *testing.T) {
	found := message(kv.Message{Key: []byte("k"), Value: []byte("v"), Kind: kv.GetResponse})
	for name, test := range map[string]struct {
		reply []byte
		want  string
	}{
		"nothing":                 {nil, "closed the connection"},
		"part of a frame":         {found[:len(found)-1], "unexpected EOF"},
		"a frame too short":       {[]byte{4, 0, 0, 0}, "too short"},
		"a frame too long":        {[]byte{0, 0, 0x11, 0}, "too long"},
		"a wrong footer":          {append([]byte(nil), append(found[:len(found)-1:len(found)-1], '!')...), "@EOF!"},
		"no message":              {append([]byte{6, 0, 0, 0, 0xff}, "@EOF@"...), "not a KeyValueMessage"},
		"another key":             {message(kv.Message{Key: []byte("l"), Kind: kv.GetResponse}), `key "l"`},
		"a put's reply":           {message(kv.Message{Kind: kv.PutOrUpdate}), "kind 3"},
		"a request":               {message(kv.Message{Key: []byte("k"), Kind: kv.Get}), "kind 1"},
		"absent, with a value":    {message(kv.Message{Key: []byte("k"), Value: []byte("v"), Kind: kv.GetResponse, Status: kvpb.Status_NotOk}), "1 bytes of value"},
		"another request's error": {notOk(kv.PutOrUpdate, "reason"), "kind 3"},
		"an error with a key":     {message(kv.Message{Key: []byte("k"), Kind: kv.Get, Status: kvpb.Status_NotOk}), "kind 1"},
		"a status of no name":     {message(kv.Message{Key: []byte("k"), Kind: kv.Get, Status: 7}), "status 7"},
	} {
		t.Run(name, func(t *testing.T) {
			c := dial(t, replying(t, test.reply))
			_, _, err := c.Get(t.Context(), "k")
			require.ErrorIs(t, err, kvclient.ErrBroken)
			require.ErrorContains(t, err, test.want)
			require.ErrorIs(t, c.Put(t.Context(), "k", "v"), kvclient.ErrBroken)
		})
	}
}

// A surplus reply breaks the connection, because it would be taken for the next one.
func TestReplyTooMany(t *testing.T) {
	found := message(kv.Message{Key: []byte("k"), Value: []byte("v"), Kind: kv.GetResponse})
	c := dial(t, listen(t, func(conn net.Conn) {
		if _, err := conn.Read(make([]byte, 100)); err == nil {
			_, _ = conn.Write(append(found, found...))
			_, _ = io.Copy(io.Discard, conn)
		}
	}))
	_, _, err := c.Get(t.Context(), "k")
	require.NoError(t, err)
	_, _, err = c.Get(t.Context(), "k")
	require.ErrorIs(t, err, kvclient.ErrBroken)
	require.ErrorContains(t, err, "more than its replies")
}
