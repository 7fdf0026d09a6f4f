package nullserver_test

import (
	"bytes"
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/exchanges"
	"github.com/ioflavors/ioflavors/tools/internal/generator"
	"github.com/ioflavors/ioflavors/tools/internal/generator/nullserver"
	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// The generator checks every answer.
func TestTheNullServerKnowsEveryAnswer(t *testing.T) {
	for name, change := range map[string]func(*load.Workload){
		"kv":         func(*load.Workload) {},
		"resp":       func(w *load.Workload) { w.Protocol = load.RESP },
		"sizes":      func(w *load.Workload) { w.MinValue, w.MaxValue, w.Keys = 0, 300, 100 },
		"resp sizes": func(w *load.Workload) { w.Protocol, w.MinValue, w.MaxValue, w.Keys = load.RESP, 1, 3000, 100 },
		"memcached":  func(w *load.Workload) { w.Protocol = load.Memcached },
		"memcached sizes": func(w *load.Workload) {
			w.Protocol, w.MinValue, w.MaxValue, w.Keys = load.Memcached, 0, 3000, 100
		},
		"exchanges": func(w *load.Workload) {
			e, err := load.NewExchanges("talk.txt", []exchanges.Exchange{
				{Request: []byte("login"), Reply: []byte("yes"), Setup: true},
				{Request: []byte("a"), Reply: []byte("1")},
				{Request: []byte("ab"), Reply: bytes.Repeat([]byte("2"), 100_000)},
			})
			require.NoError(t, err)
			*w = w.Of(e)
		},
		// More than fits into a socket's buffer.
		"large": func(w *load.Workload) { w.MinValue, w.MaxValue, w.Keys = 1<<20, 1<<20, 3 },
	} {
		t.Run(name, func(t *testing.T) {
			w := load.DefaultWorkload()
			w.Connections, w.Depth, w.Puts = 5, 8, 0.3
			change(&w)
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			addr := ln.Addr().String()
			go func() { ended <- nullserver.Serve(ctx, ln, w, false) }()

			cfg := generator.Config{Addr: addr, Workload: w, Duration: time.Minute, Requests: 200}
			require.NoError(t, generator.Preload(t.Context(), cfg))
			r, err := generator.Run(t.Context(), cfg)
			require.NoError(t, err)
			assert.NoError(t, r.Errors.Err())
			assert.GreaterOrEqual(t, r.Requests, int64(200))
			assert.Equal(t, 5, r.Served)
			cancel()
			require.NoError(t, <-ended)
		})
	}
}

func TestCeiling(t *testing.T) {
	w := load.DefaultWorkload()
	w.Connections, w.Rate = 3, 100 // the rate is ignored
	rate, err := nullserver.MeasureCeiling(t.Context(), w, 200*time.Millisecond, false)
	for err != nil && strings.Contains(err.Error(), "too busy") && t.Context().Err() == nil {
		rate, err = nullserver.MeasureCeiling(t.Context(), w, time.Second, false)
	}
	require.NoError(t, err)
	assert.Positive(t, rate)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = nullserver.MeasureCeiling(ctx, w, time.Minute, false)
	require.ErrorIs(t, err, context.Canceled)
}

func TestTheNullServerHangsUpOnOthers(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- nullserver.Serve(ctx, ln, load.DefaultWorkload(), false) }()
	c, err := net.Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	defer c.Close()
	_, err = c.Write(make([]byte, 1000))
	require.NoError(t, err)
	_, err = c.Read(make([]byte, 1))
	require.Error(t, err)
	cancel()
	require.NoError(t, <-ended)
}
