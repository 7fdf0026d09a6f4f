package main

import (
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/kv"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servertest"
	"github.com/ioflavors/ioflavors/multiblocking"
	"github.com/ioflavors/ioflavors/stores"
)

func TestPrometheusIsToldTheCounters(t *testing.T) {
	srv := multiblocking.New(multiblocking.Config{Config: server.Config{Limits: server.Limits{MaxFrame: 1000}, Protocol: kv.New(kv.Config{StoreLimit: 1e6})}})
	addr := servertest.Serve(t, srv)
	ctx, c := servertest.Dial(t, addr)
	require.NoError(t, c.Put(ctx, "k", "v"))
	// A client may have its reply before the server has counted it as sent.
	require.Eventually(t, func() bool { return srv.Stats().BytesOut > 0 }, time.Minute, time.Millisecond)

	admin, err := serveMetrics(t.Context(), ":0", "multiblocking", srv, slog.Default())
	require.NoError(t, err)
	defer admin.Close()
	assert.Contains(t, admin.Addr.String(), "127.0.0.1", "without a host, this machine only")
	resp, err := http.Get("http://" + admin.Addr.String() + "/metrics")
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	for _, line := range []string{
		`ioflavors_connections_accepted_total{model="multiblocking"} 1`,
		`ioflavors_connections_active{model="multiblocking"} 1`,
		`ioflavors_requests_total{model="multiblocking"} 1`,
		`ioflavors_store_full_total{model="multiblocking"} 0`,
		`ioflavors_sent_bytes_total{model="multiblocking"} 11`,
		`ioflavors_store_bytes{model="multiblocking"} 66`,
		`ioflavors_store_limit_bytes{model="multiblocking"} 1e+06`,
		"go_goroutines ",
	} {
		assert.Contains(t, string(body), line)
	}
}

// A store that waits has a histogram of its latency.
func TestPrometheusIsToldTheStoresLatency(t *testing.T) {
	s, err := stores.Open(stores.Address{Kind: "bolt", Path: filepath.Join(t.TempDir(), "data")}, stores.Config{Timeout: time.Minute})
	require.NoError(t, err)
	defer s.Close()
	srv := multiblocking.New(multiblocking.Config{Config: server.Config{Protocol: kv.New(kv.Config{Store: s})}})
	ctx, c := servertest.Dial(t, servertest.Serve(t, srv))
	require.NoError(t, c.Put(ctx, "k", "v"))

	registry := prometheus.NewRegistry()
	registry.MustRegister(newMetrics("multiblocking", srv))
	families, err := registry.Gather()
	require.NoError(t, err)
	for _, family := range families {
		if family.GetName() == "ioflavors_store_latency_seconds" {
			h := family.Metric[0].GetHistogram()
			assert.EqualValues(t, 1, h.GetSampleCount())
			assert.Positive(t, h.GetSampleSum())
			assert.Len(t, h.Bucket, 21)
			return
		}
	}
	t.Error("no histogram")
}

func TestAMetricsAddressInUseIsAnError(t *testing.T) {
	srv := multiblocking.New(multiblocking.Config{})
	admin, err := serveMetrics(t.Context(), "127.0.0.1:0", "multiblocking", srv, slog.Default())
	require.NoError(t, err)
	defer admin.Close()
	_, err = serveMetrics(t.Context(), admin.Addr.String(), "multiblocking", srv, slog.Default())
	assert.ErrorContains(t, err, "--metrics-addr")
}

// The metrics server has the limits of package servercmd's admin server: a page of another
// site cannot read the metrics.
func TestMetricsAreForThisHostOnly(t *testing.T) {
	srv := multiblocking.New(multiblocking.Config{})
	admin, err := serveMetrics(t.Context(), "127.0.0.1:0", "multiblocking", srv, slog.Default())
	require.NoError(t, err)
	defer admin.Close()
	req, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+admin.Addr.String()+"/metrics", nil)
	require.NoError(t, err)
	req.Host = "evil.example"
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	assert.Equal(t, http.StatusForbidden, resp.StatusCode)
}
