package generator

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/generator/dataset"
	"github.com/ioflavors/ioflavors/tools/internal/generator/wire"
	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// Each error names its bound and the reason for it; a number at the bound is
// accepted.
func TestEveryNumberHasABound(t *testing.T) {
	ok := Config{Workload: load.DefaultWorkload(), Duration: time.Second}
	require.NoError(t, ok.Validate())
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		change func(*Config)
		says   string // empty: it is accepted
	}{
		"most connections":         {func(c *Config) { c.Connections = maxInFlight }, ""},
		"too many connections":     {func(c *Config) { c.Connections = maxInFlight + 1 }, "connections is 1048577, the most is 1048576, because each"},
		"deepest":                  {func(c *Config) { c.Depth = maxInFlight }, ""},
		"too deep":                 {func(c *Config) { c.Depth = math.MaxInt }, "depth is 9223372036854775807, the most is 1048576, because each"},
		"too many in flight":       {func(c *Config) { c.Connections, c.Depth = 2000, 1000 }, "connections × depth is 2000000, the most is 1048576"},
		"too many bytes in flight": {func(c *Config) { c.Connections, c.MaxValue = 100, 64<<20 }, "largest value size is 6710886400, the most is 1073741824"},
		"largest value":            {func(c *Config) { c.MaxValue = 64 << 20 }, ""},
		"too large a value":        {func(c *Config) { c.MinValue, c.MaxValue = 1<<40, 1<<40 }, "smallest value size is 1099511627776, the most is 67108864, because"},
		"sizes the wrong way":      {func(c *Config) { c.MinValue = 65 }, "largest value size is 64, the least is 65"},
		"too many sizes":           {func(c *Config) { c.MaxValue, c.Keys = 1<<20, 1<<20 }, "number of value sizes is 1048513, the most is 262144, because"},
		"most keys":                {func(c *Config) { c.Keys = 10_000_000 }, ""},
		"too many keys":            {func(c *Config) { c.Keys = 200_000_000 }, "keys is 200000000, the most is 10000000, because"},
		"slowest":                  {func(c *Config) { c.Rate = leastRate }, ""},
		"too slow":                 {func(c *Config) { c.Rate = 1e-11 }, "rate is 1e-11, the least is 0.001"},
		"fastest":                  {func(c *Config) { c.Rate = maxRate }, ""},
		"too fast":                 {func(c *Config) { c.Rate = 1e300 }, "rate is 1e+300, the most is 5e+06, because"},
		"no number":                {func(c *Config) { c.Rate = math.NaN() }, "rate is NaN, the least is 0.001"},
		"no share":                 {func(c *Config) { c.Puts = math.NaN() }, "share of puts is NaN"},
		"longest":                  {func(c *Config) { c.Duration, c.Warmup, c.Ramp, c.Drain, c.ReplyTimeout = day, day, day, day, day }, ""},
		"too long":                 {func(c *Config) { c.Duration = day + 1 }, "duration is 24h0m0.000000001s, the most is 24h0m0s, because"},
		"too short":                {func(c *Config) { c.Duration = 1 }, "duration is 1ns, the least is 1ms"},
		"too long a warm-up":       {func(c *Config) { c.Warmup = math.MaxInt64 }, "warm-up is"},
		"too long a ramp":          {func(c *Config) { c.Ramp = math.MaxInt64 }, "ramp is"},
		"too long a drain":         {func(c *Config) { c.Drain = math.MaxInt64 }, "drain is"},
		"too long to connect":      {func(c *Config) { c.ConnectTimeout = math.MaxInt64 }, "connect timeout is"},
		"too long for a reply":     {func(c *Config) { c.ReplyTimeout = math.MaxInt64 }, "reply timeout is"},
		"no requests":              {func(c *Config) { c.Requests = -1 }, "number of requests is -1, the least is 0"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := ok
			c.change(&cfg)
			if c.says == "" {
				assert.NoError(t, cfg.Validate())
			} else {
				assert.ErrorContains(t, cfg.Validate(), c.says)
			}
		})
	}
}

// At the bounds the time of a request does not overflow: not after a day of the
// rarest arrivals, and not for the last of the most connections opened over a
// day.
func TestTimesDoNotOverflowWithinTheBounds(t *testing.T) {
	s := newSchedule(load.Workload{Rate: leastRate, Arrivals: load.Poisson}, 1)
	for last := s.next(); last < 3*maxTime; {
		next := s.next()
		require.Greater(t, next, last)
		last = next
	}
	assert.Positive(t, rampOf(maxTime, maxInFlight-1, maxInFlight))
	assert.Less(t, rampOf(maxTime, maxInFlight-1, maxInFlight), maxTime)
}

// The slow preparations of a run end with its context.
func TestAnInterruptedRunPreparesNoFurther(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := sized(10_000_000, 10)
	w.Connections, w.Depth, w.Arrivals, w.Distribution = 1, 1, load.Poisson, load.Zipfian
	cfg := Config{Addr: "127.0.0.1:1", Workload: w, Duration: time.Second}
	require.ErrorIs(t, Preload(ctx, cfg), context.Canceled)
	_, err := Run(ctx, cfg)
	require.ErrorIs(t, err, context.Canceled)
}

// A generator that was stopped for an hour hands over the due requests in several
// iterations, and can be interrupted between them.
func TestAnIterationEndsHoweverMuchIsDue(t *testing.T) {
	w := load.Workload{Rate: maxRate, Arrivals: load.Constant}
	g := &generator{cfg: Config{Workload: w}, schedule: newSchedule(w, 1), window: newWindow(time.Second), phase: measuring, until: maxTime}
	g.window.begin(0, 1)
	g.conns = []*conn{{broken: true}}
	assert.True(t, g.dispatch(time.Hour))
	assert.EqualValues(t, maxDispatch, g.window.offered)
	assert.True(t, g.hasDue(time.Hour))
}

func codecOf(w load.Workload) wire.Codec {
	m, err := wire.New(context.Background(), w)
	if err != nil {
		panic(err)
	}
	return m
}

func mixOf(w load.Workload, seed uint64) *dataset.Source {
	m, err := dataset.Mix(context.Background(), w, seed)
	if err != nil {
		panic(err)
	}
	return m
}
