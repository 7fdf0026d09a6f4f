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

	"github.com/ioflavors/ioflavors/common/exchanges"
	"github.com/ioflavors/ioflavors/common/kv"
	kvpb "github.com/ioflavors/ioflavors/common/proto/ioflavors/kv/v1"
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
	assert.Contains(t, out, "closed loop · 1 connection × 1 in flight")
	assert.Contains(t, out, "\nkv: 90 % gets, 10,000 keys, 64-byte values\n")
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

// writeTalk is a file of exchanges in this project's protocol: a put and a get of it.
func writeTalk(t *testing.T) string {
	t.Helper()
	frame := func(m kv.Message) []byte { return kv.AppendFrame(nil, m) }
	ok := kvpb.Status_Ok
	key, value := []byte("key"), []byte("value")
	all := []exchanges.Exchange{
		{Request: frame(kv.Message{Kind: kv.PutOrUpdate, Key: key, Value: value}), Reply: frame(kv.Message{Kind: kv.PutOrUpdate, Status: ok})},
		{Request: frame(kv.Message{Kind: kv.Get, Key: key}), Reply: frame(kv.Message{Kind: kv.GetResponse, Status: ok, Key: key, Value: value})},
	}
	return talkFile(t, all...)
}

func talkFile(t *testing.T, all ...exchanges.Exchange) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "talk.txt")
	f, err := os.Create(name)
	require.NoError(t, err)
	require.NoError(t, exchanges.Format(f, all))
	require.NoError(t, f.Close())
	return name
}

func TestLoadExchanges(t *testing.T) {
	addr, talk := startModel(t), writeTalk(t)
	code, out, errs := ioflavors(t, "load", addr, "--exchanges", talk, "-c", "3", "--depth", "4", "-d", "200ms", "--warmup=10ms", "--ceiling")
	assert.Contains(t, []int{0, 3}, code, "on a busy machine the run may be void: %s", errs)
	assert.Contains(t, out, "closed loop · 3 connections × 4 in flight")
	assert.Contains(t, out, "2 exchanges of "+talk+"\n")
	assert.Contains(t, out, "errors      0\n")

	code, out, _ = ioflavors(t, "load", addr, "--exchanges", talk, "--rate", "1000", "-d", "200ms", "--json")
	assert.Contains(t, []int{0, 3}, code)
	var report loadReport
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	assert.Contains(t, report.Workload, "open loop, 1000 requests/s due (poisson) · 1 connection × 1 in flight · 2 exchanges of ")
	assert.Equal(t, 2, report.Result.Workload.Exchanges.Repeated)
	assert.Zero(t, report.Errors)
	assert.NotZero(t, report.RequestsPerSecond)
}

// A wrong answer is an error with its line and both texts; a connection that is given
// up for it does not count as waiting.
func TestLoadOfWrongExchanges(t *testing.T) {
	addr := startModel(t)
	get := kv.AppendFrame(nil, kv.Message{Kind: kv.Get, Key: []byte("none")})
	talk := talkFile(t, exchanges.Exchange{Request: get, Reply: []byte("something")})
	code, _, errs := ioflavors(t, "load", addr, "--exchanges", talk)
	assert.Equal(t, 1, code)
	assert.Regexp(t, `load: the exchanges, one after the other: .*talk.txt:1: the reply is ".*", want "something"`, errs)
	assert.NotContains(t, errs, "speaks", "nothing is known of the protocol")

	code, out, errs := ioflavors(t, "load", addr, "--exchanges", talk, "--no-preload", "-c", "2")
	assert.Equal(t, 1, code)
	assert.Contains(t, out, "errors      2\n")
	assert.NotContains(t, out, "waited longer")
	assert.Contains(t, errs, "2 wrong replies")
}

// What the file of exchanges says cannot be said by a flag, whatever the flag's value.
func TestFlagsBesideExchanges(t *testing.T) {
	talk := writeTalk(t)
	for flag, value := range map[string]string{"--protocol": "kv", "--puts": "0.1", "--keys": "10000", "--distribution": "uniform", "--value": "64"} {
		code, _, errs := ioflavors(t, "load", "127.0.0.1:1", flag, value, "--exchanges", talk)
		assert.Equal(t, 2, code, flag)
		assert.Contains(t, errs, flag+" makes no sense beside --exchanges: the file says what the requests are")
	}
	code, _, errs := ioflavors(t, "load", "127.0.0.1:1", "--exchanges", "no-such-file")
	assert.Equal(t, 2, code)
	assert.Contains(t, errs, "--exchanges: open no-such-file: no such file")
	wrong := filepath.Join(t.TempDir(), "wrong.txt")
	require.NoError(t, os.WriteFile(wrong, []byte("> \"a\"\n< b\n"), 0o600))
	code, _, errs = ioflavors(t, "load", "127.0.0.1:1", "--exchanges", wrong)
	assert.Equal(t, 2, code)
	assert.Contains(t, errs, "wrong.txt:2:3: ")
}
