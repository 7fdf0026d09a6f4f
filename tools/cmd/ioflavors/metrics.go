package main

import (
	"context"
	"errors"
	"flag"
	"log/slog"
	"net"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servercmd"
)

// withMetrics adds a flag to a server's command that offers the server's
// counters to Prometheus. The servers' own commands do not have the flag, so
// they do not need the library.
func withMetrics(ctx context.Context, c server.Command) server.Command {
	flags := c.Flags
	c.Flags = func(fs *flag.FlagSet) func(server.Config) (server.Server, error) {
		addr := fs.String("metrics-addr", "", "`host:port` or unix:PATH for Prometheus to scrape /metrics over HTTP; without a host, for this machine only (default off)")
		newServer := flags(fs)
		return func(cfg server.Config) (server.Server, error) {
			srv, err := newServer(cfg)
			if err != nil || *addr == "" {
				return srv, err
			}
			return &measured{srv, ctx, *addr, c.Model, cfg.Logger}, servercmd.CheckAdminAddr("--metrics-addr", *addr)
		}
	}
	return c
}

// measured is a server whose metrics are available while it serves.
type measured struct {
	server.Server
	ctx         context.Context // ends the lookup of the address
	addr, model string
	log         *slog.Logger
}

// Serve returns an error if it cannot listen on the metrics' address.
func (m *measured) Serve(ln net.Listener) error {
	admin, err := serveMetrics(m.ctx, m.addr, m.model, m.Server, m.log)
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	defer admin.Close()
	return m.Server.Serve(ln)
}

// serveMetrics serves /metrics.
func serveMetrics(ctx context.Context, addr, model string, srv server.Server, log *slog.Logger) (*servercmd.Admin, error) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(newMetrics(model, srv), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	return servercmd.ServeAdmin(ctx, "metrics server", "--metrics-addr", addr, "/metrics", mux, log)
}

// metrics reads a server's counters at each request.
type metrics struct {
	srv     server.Server
	closed  *prometheus.Desc
	figures []figure
	// Only for stores that tell how full they are.
	storeBytes, storeLimit *prometheus.Desc
	storeLatency           *prometheus.Desc // only for those that measure it
}

type figure struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(server.Stats) int64
}

func newMetrics(model string, srv server.Server) *metrics {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("ioflavors_"+name, help, labels, prometheus.Labels{"model": model})
	}
	const counter, gauge = prometheus.CounterValue, prometheus.GaugeValue
	return &metrics{
		srv:          srv,
		storeBytes:   desc("store_bytes", "Bytes of keys, values and their bookkeeping in the store."),
		storeLimit:   desc("store_limit_bytes", "Bytes that the store may hold; 0 without a limit."),
		storeLatency: desc("store_latency_seconds", "Time of the store's operations; a batch is one."),
		closed:       desc("connections_closed_total", "Connections closed, by reason.", "reason"),
		figures: []figure{
			{desc("connections_accepted_total", "Connections accepted."), counter, func(s server.Stats) int64 { return s.Accepted }},
			{desc("connections_active", "Connections open now."), gauge, func(s server.Stats) int64 { return s.Active }},
			{desc("requests_total", "Frames answered."), counter, func(s server.Stats) int64 { return s.Requests }},
			{desc("received_bytes_total", "Bytes read from clients."), counter, func(s server.Stats) int64 { return s.BytesIn }},
			{desc("sent_bytes_total", "Bytes written to clients."), counter, func(s server.Stats) int64 { return s.BytesOut }},
			{desc("accept_errors_total", "Failed accepts, each followed by a pause."), counter, func(s server.Stats) int64 { return s.AcceptErrors }},
			{desc("output_pauses_total", "Times the server stopped reading from a client until it took its replies."), counter, func(s server.Stats) int64 { return s.Pauses }},
			{desc("store_full_total", "Puts for which the store had no room."), counter, func(s server.Stats) int64 { return s.StoreFull }},
			{desc("store_errors_total", "Requests that failed because of a store error other than a full store."), counter, func(s server.Stats) int64 { return s.StoreErrors }},
			{desc("store_unavailable_total", "The store's errors because it was not available."), counter, func(s server.Stats) int64 { return s.StoreUnavailable }},
			{desc("store_timeouts_total", "The store's errors because it did not answer in time."), counter, func(s server.Stats) int64 { return s.StoreTimeouts }},
			{desc("buffer_bytes", "Bytes in connections' buffers now."), gauge, func(s server.Stats) int64 { return s.BufferBytes }},
		},
	}
}

func (m *metrics) Describe(descs chan<- *prometheus.Desc) {
	descs <- m.closed
	descs <- m.storeBytes
	descs <- m.storeLimit
	descs <- m.storeLatency
	for _, f := range m.figures {
		descs <- f.desc
	}
}

func (m *metrics) Collect(out chan<- prometheus.Metric) {
	s := m.srv.Stats()
	for _, f := range m.figures {
		out <- prometheus.MustNewConstMetric(f.desc, f.kind, float64(f.value(s)))
	}
	if s.Store != nil {
		out <- prometheus.MustNewConstMetric(m.storeBytes, prometheus.GaugeValue, float64(s.Store.Bytes))
		out <- prometheus.MustNewConstMetric(m.storeLimit, prometheus.GaugeValue, float64(s.Store.Limit))
	}
	if l := s.StoreLatency; l != nil {
		buckets := make(map[float64]uint64, len(l.Buckets))
		for _, b := range l.Buckets {
			buckets[b.AtMost] = uint64(b.Count)
		}
		out <- prometheus.MustNewConstHistogram(m.storeLatency, uint64(l.Count), l.Seconds, buckets)
	}
	for reason, n := range s.Closed {
		out <- prometheus.MustNewConstMetric(m.closed, prometheus.CounterValue, float64(n), reason)
	}
}
