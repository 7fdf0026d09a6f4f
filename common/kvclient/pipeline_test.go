package kvclient_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/kv"
	"github.com/ioflavors/ioflavors/common/kvclient"
)

func TestPipeline(t *testing.T) {
	c := dial(t, serve(t))
	p := c.Pipeline()
	replies, err := p.Do(t.Context())
	require.NoError(t, err)
	assert.Empty(t, replies)

	for range 2 { // a pipeline can be filled again
		const rounds = 3000
		for i := range rounds {
			key := fmt.Sprint(i)
			p.Put(key, "value of "+key)
			p.Get(key)
			p.Get("absent " + key)
		}
		assert.Equal(t, 3*rounds, p.Len())
		replies, err := p.Do(t.Context())
		require.NoError(t, err)
		require.Len(t, replies, 3*rounds)
		for i := range rounds {
			assert.Equal(t, kvclient.Reply{}, replies[3*i])
			assert.Equal(t, kvclient.Reply{Value: fmt.Sprint("value of ", i), Found: true}, replies[3*i+1])
			assert.Equal(t, kvclient.Reply{}, replies[3*i+2])
		}
		assert.Zero(t, p.Len())
	}
}

// All requests together, and all replies, are larger than the buffers between client
// and server. A client that wrote all before reading would wait for ever.
func TestLargePipeline(t *testing.T) {
	c := dial(t, serve(t))
	value := strings.Repeat("v", 1_000_000)
	p := c.Pipeline()
	const rounds = 20
	for range rounds {
		p.Put("k", value)
		p.Get("k")
	}
	replies, err := p.Do(t.Context())
	require.NoError(t, err)
	for i := range rounds {
		require.Equal(t, value, replies[2*i+1].Value)
	}
}

func TestPipelineErrors(t *testing.T) {
	c := dial(t, serve(t))
	p := c.Pipeline()
	p.Put("k", "v")
	p.Put("refused", "v")
	p.Get("k")
	replies, err := p.Do(t.Context())
	require.NoError(t, err, "a reply that is an error is a reply")
	require.Len(t, replies, 3)
	assert.NoError(t, replies[0].Err)
	assert.Equal(t, &kvclient.ServerError{Kind: kv.PutOrUpdate, Reason: kv.StoreError}, replies[1].Err)
	assert.Equal(t, "v", replies[2].Value)

	p.Put("k", "not stored")
	p.Put("\xff", "v")
	_, err = p.Do(t.Context())
	require.ErrorContains(t, err, "request 2: key is not valid UTF-8")
	value, _, err := c.Get(t.Context(), "k")
	require.NoError(t, err)
	assert.Equal(t, "v", value, "if one request cannot be sent, none is")
}

// The replies that came before the connection broke are not lost, and the server's last
// refusal is part of the error.
func TestBrokenPipeline(t *testing.T) {
	stored := message(kv.Message{Kind: kv.PutOrUpdate})
	c := dial(t, replying(t, append(stored, notOk(0, "I am leaving")...)))
	p := c.Pipeline()
	for range 5 {
		p.Put("k", "v")
	}
	replies, err := p.Do(t.Context())
	require.ErrorIs(t, err, kvclient.ErrBroken)
	require.ErrorContains(t, err, "reply 3 of 5")
	require.ErrorContains(t, err, "I am leaving")
	require.Len(t, replies, 2)
	assert.NoError(t, replies[0].Err)
	assert.Error(t, replies[1].Err)
}

// The context also interrupts a pipeline whose write waits.
func TestCancelPipeline(t *testing.T) {
	came := make(chan struct{})
	leave := make(chan struct{})
	c := dial(t, listen(t, func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 1))
		close(came)
		<-leave
	}))
	defer close(leave)
	p := c.Pipeline()
	value := strings.Repeat("v", 1_000_000)
	for range 30 {
		p.Put("k", value)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-came
		cancel()
	}()
	_, err := p.Do(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, kvclient.ErrBroken)
}
