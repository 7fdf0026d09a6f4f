package netfault

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// loaded is the output of load --json, and of merge --json.
type loaded struct {
	Valid  bool        `json:"valid"`
	Result load.Result `json:"result"`
}

// Two machines load a server on a third one. Their measurements begin at the same time, and
// merge makes one result of theirs.
func TestLoadFromTwoMachines(t *testing.T) {
	inNamespace(t)
	program := os.Getenv(programVariable)
	require.NotEmpty(t, program, "scripts/netns.sh sets %s", programVariable)
	const addr = "10.78.0.1:7070"
	hosts := newLAN(t, "10.78.0.1", "10.78.0.2", "10.78.0.3")
	var ln net.Listener
	var err error
	hosts[0].do(func() { ln, err = net.Listen("tcp4", addr) })
	require.NoError(t, err)
	i := slices.IndexFunc(variants, func(v variant) bool { return v.name == "multiblocking" })
	variants[i].serve(t, ln, nil)

	// together loads the server from both machines, each at its own rate, for two seconds
	// from the same time on.
	together := func(t *testing.T, rates ...string) (files []string, results []loaded) {
		t.Helper()
		for lead := 2 * time.Second; ; lead *= 3 {
			at := time.Now().Add(lead).Round(0)
			var running []*exec.Cmd
			var stdout, stderr [2]bytes.Buffer
			for i, host := range hosts[1:] {
				cmd := exec.CommandContext(t.Context(), program, "load", addr, "-c", "5", "--rate", rates[i], "-d", "2s", "--sleep",
					"--seed", strconv.Itoa(i+1), "--start-at", at.Format(time.RFC3339Nano), "--json")
				cmd.Stdout, cmd.Stderr = &stdout[i], &stderr[i]
				var err error
				host.do(func() { err = cmd.Start() })
				require.NoError(t, err)
				running = append(running, cmd)
			}
			late := false
			for i, cmd := range running {
				_ = cmd.Wait()
				late = late || bytes.Contains(stderr[i].Bytes(), []byte("choose a later --start-at"))
			}
			if late && lead < patience {
				continue
			}
			for i, cmd := range running {
				require.Contains(t, []int{0, 3}, cmd.ProcessState.ExitCode(), "%s", stderr[i].Bytes())
				file := filepath.Join(t.TempDir(), fmt.Sprintf("host%d.json", i+1))
				require.NoError(t, os.WriteFile(file, stdout[i].Bytes(), 0o600))
				var r loaded
				require.NoError(t, json.Unmarshal(stdout[i].Bytes(), &r))
				w := r.Result.Window
				require.NotNil(t, w)
				assert.True(t, at.Equal(*w.Planned))
				assert.Equal(t, w.Began.Sub(at), w.Late)
				files, results = append(files, file), append(results, r)
			}
			return files, results
		}
	}
	merge := func(t *testing.T, files ...string) (code int, r loaded) {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), program, append([]string{"merge", "--json"}, files...)...).Output()
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			code, err = exit.ExitCode(), nil
		}
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(out, &r))
		return code, r
	}

	// A busy machine may begin late. It says so, and the test tries again.
	t.Run("at the same time", func(t *testing.T) {
		begin := time.Now()
		for tries := 1; ; tries++ {
			_, results := together(t, "1000", "500")
			a, b := results[0].Result.Window, results[1].Result.Window
			if apart := a.Began.Sub(b.Began).Abs(); apart < time.Millisecond {
				t.Attr("tries", strconv.Itoa(tries))
				t.Attr("apart_us", strconv.FormatInt(apart.Microseconds(), 10))
				t.Attr("late_us", fmt.Sprintf("%d, %d", a.Late.Microseconds(), b.Late.Microseconds()))
				return
			}
			require.Less(t, time.Since(begin), patience, "%v and %v after the planned time", a.Late, b.Late)
		}
	})

	t.Run("merged", func(t *testing.T) {
		files, results := together(t, "1000", "500")
		code, whole := merge(t, files...)
		a, b := &results[0].Result, &results[1].Result
		assert.Equal(t, pooledP99(t, a.Response, b.Response), whole.Result.Response.P99)
		assert.Equal(t, a.Response.Count+b.Response.Count, whole.Result.Response.Count)
		assert.Equal(t, max(a.Response.Max, b.Response.Max), whole.Result.Response.Max)
		assert.InDelta(t, a.Rate+b.Rate, whole.Result.Rate, 1e-6)
		assert.Equal(t, 10, whole.Result.Workload.Connections)
		assert.Equal(t, whole.Valid, code == 0)
		t.Attr("requests", strconv.FormatInt(whole.Result.Response.Count, 10))
		t.Attr("p99_us", fmt.Sprintf("%d and %d, together %d", a.Response.P99.Microseconds(), b.Response.P99.Microseconds(), whole.Result.Response.P99.Microseconds()))
	})

	// No generator can send five million requests a second.
	t.Run("a void part", func(t *testing.T) {
		files, results := together(t, "500", "5000000")
		require.False(t, results[1].Valid)
		code, whole := merge(t, files...)
		assert.Equal(t, 3, code)
		assert.False(t, whole.Valid)
		for _, reason := range results[1].Result.Void {
			assert.Contains(t, whole.Result.Void, files[1]+": "+reason)
		}
	})
}

// pooledP99 returns the p99 of all times together, from the counts in the histograms. A
// histogram calls all times of a bucket the longest one.
func pooledP99(t *testing.T, all ...load.Times) time.Duration {
	t.Helper()
	type bucket struct{ to, count int64 }
	var buckets []bucket
	total := int64(0)
	for _, times := range all {
		h, err := times.Decode()
		require.NoError(t, err)
		for _, bar := range h.Distribution() {
			buckets = append(buckets, bucket{bar.To, bar.Count})
			total += bar.Count
		}
	}
	slices.SortFunc(buckets, func(a, b bucket) int { return cmp.Compare(a.to, b.to) })
	rank, seen := int64(0.99*float64(total)+0.5), int64(0)
	for _, b := range buckets {
		if seen += b.count; seen >= rank {
			return time.Duration(b.to)
		}
	}
	t.Fatal("no times")
	return 0
}
