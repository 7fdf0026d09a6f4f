package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/load"
)

func loadFlags(args ...string) (*loadCmd, error) {
	var c struct {
		Load loadCmd `cmd:""`
	}
	parser, err := kong.New(&c)
	if err != nil {
		return nil, err
	}
	_, err = parser.Parse(append([]string{"load", "127.0.0.1:1"}, args...))
	return &c.Load, err
}

func TestLoadFlags(t *testing.T) {
	c, err := loadFlags("-c", "50", "--depth=16", "--rate=2.5e3", "--arrivals=constant", "--value=16-4096", "--distribution=zipfian", "--protocol=resp")
	require.NoError(t, err)
	assert.Equal(t, load.Workload{
		Protocol: load.RESP, Connections: 50, Depth: 16, Rate: 2500, Arrivals: load.Constant,
		Puts: 0.1, Keys: 10_000, Distribution: load.Zipfian, MinValue: 16, MaxValue: 4096,
	}, c.config().Workload)

	c, err = loadFlags()
	require.NoError(t, err)
	assert.Equal(t, load.DefaultWorkload(), c.config().Workload)
	assert.NoError(t, c.config().Validate())

	for _, wrong := range []string{"--value=big", "--value=9-1", "--value=-1", "--arrivals=never", "--protocol=http"} {
		_, err := loadFlags(wrong)
		assert.Error(t, err, wrong)
	}
	for _, wrong := range []string{"--rate=-1", "--connections=0", "--depth=0", "--duration=0s", "--puts=2", "--keys=0", "--reply-timeout=25h"} {
		c, err := loadFlags(wrong)
		require.NoError(t, err, wrong)
		assert.Error(t, c.config().Validate(), wrong)
	}
}

// Scripts rely on this: the last line is one JSON object with these names.
func TestLoadJSON(t *testing.T) {
	addr := startModel(t)
	for _, loop := range [][]string{{}, {"--rate", "5000"}} {
		hdr := filepath.Join(t.TempDir(), "hdr")
		var code int
		var report map[string]any
		for d := 300 * time.Millisecond; d < time.Minute; d *= 4 {
			args := append([]string{"load", addr, "-c", "3", "--depth", "2", "-d", d.String(), "--json", "--hdr", hdr}, loop...)
			var out string
			code, out, _ = ioflavors(t, args...)
			assert.Contains(t, []int{0, 3}, code, "on a busy machine the run may be void")
			lines := strings.Split(strings.TrimSpace(out), "\n")
			require.NoError(t, json.Unmarshal([]byte(lines[len(lines)-1]), &report))
			if report["p99_us"] != 0.0 {
				break // on a busy machine a short run may get few answers, or none
			}
		}
		for _, name := range []string{"requests_per_second", "p50_us", "p90_us", "p99_us", "max_us"} {
			assert.Positive(t, report[name], name)
		}
		assert.Zero(t, report["errors"])
		assert.Equal(t, code == 0, report["valid"])
		text, err := os.ReadFile(hdr)
		require.NoError(t, err)
		assert.Contains(t, string(text), "Percentile")
	}

	code, out, _ := ioflavors(t, "load", addr, "-d", "200ms", "--warmup=10ms")
	assert.Contains(t, []int{0, 3}, code, "on a busy machine the run may be void")
	assert.Contains(t, out, "closed loop · 1 connections × 1 in flight")
}

func TestLoadFails(t *testing.T) {
	code, _, errs := ioflavors(t, "load", "127.0.0.1:1", "-d", "100ms")
	assert.Equal(t, 1, code, "nobody listens")
	assert.Contains(t, errs, "connection refused")
	code, _, errs = ioflavors(t, "load", "127.0.0.1:1", "--rate=-1")
	assert.Equal(t, 2, code)
	assert.Contains(t, errs, "--rate -1: want 0 to 5,000,000")
	code, _, errs = ioflavors(t, "load", "127.0.0.1:1", "--rate=1e-11")
	assert.Equal(t, 2, code)
	assert.Contains(t, errs, "rate is 1e-11, the least is 0.001")
	code, _, errs = ioflavors(t, "load", "127.0.0.1:1", "-c", "2")
	assert.Equal(t, 1, code)
	assert.NotContains(t, errs, "of 1", "it is of two connections")
}

// Rates under one are not rounded to 0 or 1, and an unknown figure is not printed
// as 0.
func TestLoadPrintsSmallRatesAndWhatIsNotKnown(t *testing.T) {
	r := load.Result{Workload: load.DefaultWorkload(), Seconds: 10, Rate: 0.7}
	r.Workload.Rate = 0.7
	var out strings.Builder
	require.NoError(t, writeLoad(&out, r))
	assert.Contains(t, out.String(), "open loop, 0.7 requests/s due")
	assert.Contains(t, out.String(), "requests/s  0.7\n")
	assert.Contains(t, out.String(), "waiting for its core: not known here")
	text, err := json.Marshal(newLoadReport(r))
	require.NoError(t, err)
	assert.NotContains(t, string(text), "run_queue")
	r.Generator.RunQueue = new(0.0)
	out.Reset()
	require.NoError(t, writeLoad(&out, r))
	assert.Contains(t, out.String(), "0.0 % waiting for its core")
	for rate, want := range map[float64]string{0: "0", 0.001: "0.001", 1.234: "1.23", 99.94: "99.9", 99.96: "100", 123456.7: "123457", 5e6: "5000000"} {
		assert.Equal(t, want, perSecond(rate))
	}
}

func TestLoadCeiling(t *testing.T) {
	code, out, _ := ioflavors(t, "load", startModel(t), "-d", "100ms", "--warmup", "50ms", "--ceiling", "--json")
	assert.Contains(t, []int{0, 3}, code, "on a busy machine the run may be void")
	var report loadReport
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	assert.Positive(t, report.Result.Generator.Ceiling)
}

// A user who gives the generator a single core may still want it to spin.
func TestLoadSpinsOrSleeps(t *testing.T) {
	for flag, spins := range map[string]bool{"--sleep": false, "--no-sleep": true} {
		c, err := loadFlags(flag)
		require.NoError(t, err)
		assert.Equal(t, spins, c.config().Spin)
	}
}

// Times of ten seconds and more once ran into one another.
func TestLongTimesAreNumbersOfTheirOwn(t *testing.T) {
	var out strings.Builder
	const long = 24 * time.Hour
	writeTimes(&out, "response time", load.Times{P50: long, P90: long, P99: long, P999: long, Max: long})
	const number = "86400000000.0"
	assert.Equal(t, []string{"response", "time", number, number, number, number, number}, strings.Fields(out.String()))
}
