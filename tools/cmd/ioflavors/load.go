package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/ioflavors/ioflavors/common/servercmd"
	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/generator"
	"github.com/ioflavors/ioflavors/tools/internal/generator/nullserver"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/stdout"
)

type loadCmd struct {
	Addr string `arg:"" help:"The server's address, host:port."`

	Connections int           `short:"c" default:"1" range:"1..65536" placeholder:"N" help:"How many connections, all opened beforehand (default ${default})."`
	Depth       int           `default:"1" range:"1..65536" placeholder:"N" help:"How many requests may be in flight on each (default ${default})."`
	Rate        float64       `default:"0" range:"0..5000000" placeholder:"R" help:"Open loop: requests per second, at least 0.001, due whether or not earlier ones are answered. 0 is a closed loop: the next request is due when one is answered (default)."`
	Arrivals    load.Arrivals `default:"poisson" enum:"poisson,constant" help:"How an open loop's requests are spread over time: poisson or constant (default ${default})."`
	Duration    time.Duration `short:"d" default:"10s" range:"1ms..24h" placeholder:"TIME" help:"Length of the measurement (default ${default})."`
	Requests    int64         `short:"n" range:"0..1000000000000" placeholder:"N" help:"End the measurement earlier, after that many replies (default 0: no limit)."`
	Warmup      time.Duration `default:"500ms" range:"0s..24h" placeholder:"TIME" help:"How long the load runs before it is measured (default ${default})."`
	StartAt     *string       `placeholder:"TIME" help:"Begin the measurement, which follows the warm-up, at this time of day, so that several machines measure at the same time (docs/machines.md): RFC 3339, as 2026-12-01T12:00:00.5Z, or seconds since 1970, as date +%s prints them. Connections are opened and keys stored before. Without the flag it begins as soon as it can."`
	Ramp        time.Duration `range:"0s..24h" placeholder:"TIME" help:"Open the connections evenly over that time (default: at once)."`

	Exchanges string `without:"protocol,puts,keys,distribution,value" because:"the file says what the requests are" placeholder:"FILE" help:"Send the requests of a file of exchanges, in any protocol, and compare each answer with the file's, byte for byte (docs/exchanges.md). Each connection repeats them in the file's order."`

	Protocol     load.Protocol     `default:"kv" enum:"kv,resp,memcached" help:"The protocol: kv (this project's), resp (Redis's) or memcached (memcached's text protocol; default ${default})."`
	Puts         float64           `default:"0.1" range:"0..1" placeholder:"SHARE" help:"Share of puts; the others are gets (default ${default})."`
	Keys         int               `default:"10000" range:"1..10000000" placeholder:"N" help:"How many keys there are (default ${default})."`
	Distribution load.Distribution `default:"uniform" enum:"uniform,zipfian" help:"How often each key is asked for: uniform or zipfian (default ${default})."`
	Value        sizes             `default:"64" range:"0..67108864" placeholder:"SIZE" help:"Size of the values in bytes, or a range of sizes: 16-4096 (default ${default})."`
	NoPreload    bool              `help:"Do not store the keys first: they are there, from an earlier run with the same --keys and --value. With --exchanges: do not try each exchange once beforehand."`

	ConnectTimeout time.Duration `default:"5s" range:"1ms..24h" placeholder:"TIME" help:"How long opening a connection may take (default ${default})."`
	ReplyTimeout   time.Duration `default:"5s" range:"1ms..24h" placeholder:"TIME" help:"How long a reply may take (default ${default})."`
	Sleep          *bool         `negatable:"" help:"Sleep in an open loop until something happens, for a machine without a core to spare: requests are then sent later (default if only one core may be used)."`
	Ceiling        bool          `help:"First measure, for a second, the rate that the generator reaches against a server that does next to nothing, and judge the run by that rate as well."`
	Seed           uint64        `default:"1" range:"any" help:"Determines the sequences of keys, kinds and arrivals (default ${default})."`

	JSON bool   `help:"Print one JSON object at the end, and nothing else on standard output."`
	HDR  string `type:"path" placeholder:"FILE" help:"Write the response times' percentiles to a file, as HdrHistogram's plotters read them, in µs."`
}

// Help is the additional text of load --help.
func (*loadCmd) Help() string {
	return `Every answer is checked: values are derived from their keys, or the file of --exchanges has the answers. Response time counts from when a request was due, ` +
		`service time from when it was sent. In a closed loop they are the same, and a server gets no new requests while it stalls, ` +
		`so the stall is hidden: use --rate to find out how long users wait.` + "\n\n" +
		`Exit codes: 0 the run is valid; 1 there were errors, or no result; 2 wrong flags; 3 the run is void, because it says more ` +
		`about the load generator than about the server; 130 interrupted.`
}

// sizes is a size in bytes, or a range.
type sizes struct{ min, max int }

// Decode parses "64" or "16-4096".
func (s *sizes) Decode(ctx *kong.DecodeContext) error {
	var text string
	if err := ctx.Scan.PopValueInto("size", &text); err != nil {
		return err
	}
	low, high, ranged := strings.Cut(text, "-")
	if !ranged {
		high = low
	}
	var errLow, errHigh error
	s.min, errLow = strconv.Atoi(low)
	s.max, errHigh = strconv.Atoi(high)
	if errLow != nil || errHigh != nil || s.min > s.max {
		return fmt.Errorf("%q is no size: want bytes, as 64, or a range, as 16-4096", text)
	}
	return nil
}

func (s sizes) numbers() []float64 { return []float64{float64(s.min), float64(s.max)} }

func (s sizes) String() string {
	if s.min == s.max {
		return strconv.Itoa(s.min)
	}
	return fmt.Sprintf("%d-%d", s.min, s.max)
}

func (c *loadCmd) config() generator.Config {
	return generator.Config{
		Addr: c.Addr,
		Workload: load.Workload{
			Protocol: c.Protocol, Connections: c.Connections, Depth: c.Depth, Rate: c.Rate, Arrivals: c.Arrivals,
			Puts: c.Puts, Keys: c.Keys, Distribution: c.Distribution, MinValue: c.Value.min, MaxValue: c.Value.max,
		},
		Warmup: c.Warmup, Duration: c.Duration, Requests: c.Requests, Ramp: c.Ramp,
		ConnectTimeout: c.ConnectTimeout, ReplyTimeout: c.ReplyTimeout, Spin: c.spin(), Seed: c.Seed,
		Live: new(generator.Live),
	}
}

func (c *loadCmd) spin() bool {
	if c.Sleep != nil {
		return !*c.Sleep
	}
	return runtime.NumCPU() > 1
}

func (c *loadCmd) Run(ctx context.Context, out *stdout.Checked) error {
	began := time.Now()
	cfg := c.config()
	if c.Exchanges != "" {
		e, err := load.ReadExchanges(c.Exchanges)
		if err != nil {
			return usageError(fmt.Errorf("--exchanges: %w", err))
		}
		cfg.Workload = cfg.Of(e)
	}
	if err := errors.Join(servercmd.CheckAddr("address", c.Addr), cfg.Validate()); err != nil {
		return usageError(err)
	}
	if c.StartAt != nil { // an empty one is a script's mistake, and must not begin at once
		var err error
		if cfg.WindowAt, err = parseStartAt(*c.StartAt); err == nil {
			err = roomToPrepare(cfg.WindowAt, began, c.preparation())
		}
		if err != nil {
			return usageError(fmt.Errorf("--start-at %w", err))
		}
	}
	hdr, err := openTarget(c.HDR)
	if err != nil {
		return err
	}
	defer hdr.close()
	result, err := c.load(ctx, cfg)
	interrupted := errors.Is(err, context.Canceled)
	var tooLate *generator.TooLateError
	switch {
	case interrupted && result.Seconds == 0:
		return &exitError{130, "interrupted before anything was measured"}
	case errors.As(err, &tooLate):
		return lateFor(cfg.WindowAt, began, tooLate)
	case err != nil && !interrupted:
		return mistaken(ctx, c.Addr, cfg.Protocol, err)
	}
	if c.JSON {
		err = json.NewEncoder(out).Encode(c.report(result))
	} else {
		err = writeLoad(out, result)
	}
	err = errors.Join(err, hdr.writePercentiles(result.Response))
	switch {
	case err != nil:
		return err
	case interrupted:
		return &exitError{130, "interrupted; the measurements until then are above"}
	case result.Errors.Count() > 0 && result.Requests == 0:
		return mistaken(ctx, c.Addr, cfg.Protocol, result.Errors.Err())
	default:
		return loadVerdict(result)
	}
}

// loadVerdict returns the error for a result that has errors or is void, so that a script
// notices.
func loadVerdict(r load.Result) error {
	switch {
	case r.Errors.Count() > 0:
		return r.Errors.Err()
	case len(r.Void) > 0:
		return &exitError{exitVoid, "the run is void, and says why above"}
	default:
		return nil
	}
}

// ceilingTime is how long --ceiling measures, after a quarter of it.
const ceilingTime = time.Second

func (c *loadCmd) load(ctx context.Context, cfg generator.Config) (load.Result, error) {
	if !c.NoPreload {
		if err := generator.Preload(ctx, cfg); err != nil {
			return load.Result{}, err
		}
	}
	if c.Ceiling {
		var err error
		if cfg.Ceiling, err = nullserver.MeasureCeiling(ctx, cfg.Workload, ceilingTime, runtime.NumCPU() > 1); err != nil {
			return load.Result{}, err
		}
	}
	stop := showLoad(os.Stderr, cfg)
	defer stop()
	return generator.Run(ctx, cfg)
}

// showLoad prints the progress of a run: four times a second on a terminal, and
// every ten seconds elsewhere. Call stop after the run.
func showLoad(f *os.File, cfg generator.Config) (stop func()) {
	live := terminal(f)
	every := 10 * time.Second
	if live {
		every = 250 * time.Millisecond
	}
	began, total := time.Now(), cfg.Ramp+cfg.Warmup+cfg.Duration
	if !cfg.WindowAt.IsZero() {
		total = time.Until(cfg.WindowAt) + cfg.Duration
	}
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		var before int64
		for {
			select {
			case <-done:
				if live {
					fmt.Fprint(f, "\r\x1b[K")
				}
				return
			case <-ticker.C:
			}
			requests := cfg.Live.Requests()
			line := fmt.Sprintf("%s requests/s · %d in flight · %d errors · about %.0f s left",
				perSecond(float64(requests-before)/every.Seconds()), cfg.Live.InFlight(), cfg.Live.Errors(), max(0, (total-time.Since(began)).Seconds()))
			before = requests
			if wait := time.Until(cfg.WindowAt.Add(-cfg.Warmup)); !cfg.WindowAt.IsZero() && wait > 0 {
				line = fmt.Sprintf("the load begins in %.0f s", wait.Seconds())
			}
			if live {
				fmt.Fprintf(f, "\r\x1b[K%.79s", line)
			} else {
				fmt.Fprintln(f, line)
			}
		}
	}()
	return func() {
		close(done)
		<-ended
	}
}

// loadReport is the output of --json: the load in words, the figures for scripts under
// flat names, in microseconds, and the whole result.
type loadReport struct {
	Workload          string   `json:"workload"`
	RequestsPerSecond float64  `json:"requests_per_second"`
	P50               float64  `json:"p50_us"` // 0: too few requests
	P90               float64  `json:"p90_us"`
	P99               float64  `json:"p99_us"`
	P999              float64  `json:"p99_9_us"`
	Max               float64  `json:"max_us"`
	ServiceP99        float64  `json:"service_p99_us"`
	SendLagP99        float64  `json:"send_lag_p99_us"`
	Errors            int64    `json:"errors"`
	Unsent            int64    `json:"unsent"`
	Valid             bool     `json:"valid"`
	Void              []string `json:"void"`

	Seed *uint64 `json:"seed,omitempty"`
	// Parts are the results that were merged; none: it is the result of one run.
	Parts  []mergedPart `json:"parts,omitempty"`
	Result load.Result  `json:"result"`
}

// report is the output of --json.
func (c *loadCmd) report(r load.Result) loadReport {
	report := newLoadReport(r)
	report.Seed = &c.Seed
	return report
}

func newLoadReport(r load.Result) loadReport {
	us := func(d time.Duration) float64 { return float64(d) / 1e3 }
	return loadReport{
		Workload:          loopOf(r) + " · " + requestsOf(r.Workload),
		RequestsPerSecond: r.Rate,
		P50:               us(r.Response.P50), P90: us(r.Response.P90), P99: us(r.Response.P99), P999: us(r.Response.P999),
		Max: us(r.Response.Max), ServiceP99: us(r.Service.P99), SendLagP99: us(r.SendLag.P99),
		Errors: r.Errors.Count(), Unsent: r.Unsent,
		Valid: len(r.Void) == 0, Void: append([]string{}, r.Void...),
		Result: r,
	}
}

// writeLoad prints a result, and the parts that it was merged from, if any.
func writeLoad(w io.Writer, r load.Result, parts ...mergedPart) error {
	var out strings.Builder
	fmt.Fprintf(&out, "%s · %.1f s\n%s\n\n", loopOf(r), r.Seconds, requestsOf(r.Workload))
	fmt.Fprintf(&out, "requests/s  %s\n", perSecond(r.Rate))
	fmt.Fprintf(&out, "errors      %d\n", r.Errors.Count())
	fmt.Fprintf(&out, "served      %d of %d connections\n", r.Served, r.Workload.Connections)
	waiting := "waiting for its core: not known here"
	if share := r.Generator.RunQueue; share != nil {
		waiting = fmt.Sprintf("%.1f %% waiting for its core", *share*100)
	}
	fmt.Fprintf(&out, "generator   %.0f %% busy, %s\n", r.Generator.Busy*100, waiting)
	if r.Generator.Ceiling > 0 {
		fmt.Fprintf(&out, "ceiling     %.0f requests/s against a server that does next to nothing\n", r.Generator.Ceiling)
	}
	out.WriteString("\n")
	if len(parts) > 0 {
		writeParts(&out, parts)
		out.WriteString("\n")
	}
	fmt.Fprintf(&out, "%-14s %9s %9s %9s %9s %9s\n", "µs", "p50", "p90", "p99", "p99.9", "max")
	writeTimes(&out, "response time", r.Response)
	if r.Workload.Open() {
		writeTimes(&out, "service time", r.Service)
		writeTimes(&out, "send lag", r.SendLag)
	}
	for _, remark := range r.Remarks() {
		out.WriteString("\n" + remark + "\n")
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// loopOf describes the kind of load.
func loopOf(r load.Result) string {
	loop := "closed loop"
	if r.Workload.Open() {
		loop = fmt.Sprintf("open loop, %s requests/s due (%s)", perSecond(r.Workload.Rate), r.Workload.Arrivals)
	}
	return fmt.Sprintf("%s · %s × %d in flight", loop, format.Count(r.Workload.Connections, "connection"), r.Workload.Depth)
}

// requestsOf describes the requests, with their protocol if it is known.
func requestsOf(w load.Workload) string {
	if w.Exchanges != nil {
		return w.Words()
	}
	return string(w.Protocol) + ": " + w.Words()
}

// perSecond formats a rate, with three digits if it is under a hundred.
func perSecond(rate float64) string {
	if rate >= 99.95 {
		return strconv.FormatFloat(rate, 'f', 0, 64)
	}
	return strconv.FormatFloat(rate, 'g', 3, 64)
}

func writeTimes(w io.Writer, name string, t load.Times) {
	fmt.Fprintf(w, "%-14s", name)
	for _, d := range []time.Duration{t.P50, t.P90, t.P99, t.P999, t.Max} {
		if d == 0 {
			fmt.Fprintf(w, " %9s", "–") // too few requests lie beyond it
		} else {
			fmt.Fprintf(w, " %9.1f", float64(d)/1e3) // times of 10 s and more are wider
		}
	}
	fmt.Fprintln(w)
}

// writePercentiles writes the table that HdrHistogram's plotters read.
func (t *target) writePercentiles(times load.Times) error {
	return t.write(func(w io.Writer) error {
		h, err := times.Decode()
		if err == nil {
			_, err = h.PercentilesPrint(w, 5, 1e3)
		}
		return err
	})
}
