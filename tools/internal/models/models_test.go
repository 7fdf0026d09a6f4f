package models

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

func TestModels(t *testing.T) {
	all := Models("/bin/ioflavors")
	require.NoError(t, Distinct(all))
	assert.Contains(t, all, results.Target{
		Name:       "busywait --one-at-a-time",
		Command:    []string{"/bin/ioflavors", "serve", "busywait", "--one-at-a-time", "--addr", "127.0.0.1:0", "--log-format", "json", "--store-limit", "-1"},
		CheckFlags: []string{"--turn-limit", "500ms"},
		OneAtATime: true,
	})
}

func TestSelect(t *testing.T) {
	all := Models("ioflavors")
	for _, c := range []struct{ names, want []string }{
		{nil, TargetNames(all)},
		{[]string{"eventloop"}, []string{"eventloop", "eventloop --loops 2"}},
		{[]string{"eventloop --loops 2", "singleblocking"}, []string{"singleblocking", "eventloop --loops 2"}},
	} {
		got, err := Select(all, c.names)
		require.NoError(t, err)
		assert.Equal(t, c.want, TargetNames(got))
	}
	_, err := Select(all, []string{"eventloop", "event"})
	require.ErrorContains(t, err, `no model "event": there are singleblocking, multiblocking`)
}

func TestParseServer(t *testing.T) {
	s, err := ParseServer("mine=./server  --listen tcp://{addr} -x=1")
	require.NoError(t, err)
	assert.Equal(t, "mine", s.Name)
	assert.True(t, s.Foreign)
	assert.Equal(t, []string{"./server", "--listen", "tcp://1.2.3.4:5", "-x=1"}, s.At("1.2.3.4:5"))
	assert.Contains(t, s.Command[2], results.AddrPlaceholder, "unchanged")
	s, err = ParseServer("mine=./server {port}")
	require.NoError(t, err)
	assert.Equal(t, []string{"./server", "5"}, s.At("1.2.3.4:5"))

	s, err = ParseServer("resp+redis=redis-server --port {port}")
	require.NoError(t, err)
	assert.Equal(t, "redis", s.Name)
	assert.Equal(t, load.RESP, s.Protocol)
	assert.False(t, s.Ours())
	s, err = ParseServer("kv+mine=./server a+b={addr}")
	require.NoError(t, err)
	assert.Equal(t, "mine", s.Name)
	assert.True(t, s.Ours())
	_, err = ParseServer("http+mine=./server {addr}")
	require.ErrorContains(t, err, `no protocol "http"`)

	for _, wrong := range []string{"resp+=./server {addr}", "+mine=./server {addr}", "", "mine", "=./server {addr}", "mine=./server", "mine=", "mi\x1b[2Jne=./server {addr}", "mi\u202ene=./server {addr}"} {
		_, err := ParseServer(wrong)
		require.Error(t, err, wrong)
	}
}
