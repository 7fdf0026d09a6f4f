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

// A user's program is a server for each of our variants, about which as much is known as
// about ours.
func TestLinked(t *testing.T) {
	all, err := Linked("./mine --model={model} --listen {addr} -v")
	require.NoError(t, err)
	assert.Equal(t, TargetNames(Models("ioflavors")), TargetNames(all))
	for i, ours := range Models("ioflavors") {
		assert.Equal(t, VariantOf(ours).Go, VariantOf(all[i]).Go)
		assert.Equal(t, ours.OneAtATime, all[i].OneAtATime)
	}
	two, err := Select(all, []string{"eventloop --loops 2"})
	require.NoError(t, err)
	assert.Equal(t, []string{"./mine", "--model=eventloop", "--listen", "{addr}", "-v", "--loops", "2"}, two[0].Command)
	for command, says := range map[string]string{
		"":                              "want {model} where the model's name goes",
		"./mine --addr {addr}":          "want {model} where the model's name goes",
		"./mine --model {model} --here": "neither {addr} nor {port} in it",
	} {
		_, err := Linked(command)
		assert.ErrorContains(t, err, says)
	}
}
