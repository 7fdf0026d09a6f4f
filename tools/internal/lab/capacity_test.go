//go:build unix

package lab

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/text"
)

func TestBeyondTheSLO(t *testing.T) {
	within := load.Result{Offered: 100, Requests: 99, Response: load.Times{P99: time.Millisecond, Max: time.Second}}
	assert.Empty(t, beyond(within, time.Millisecond), "each figure is at its limit")
	for want, change := range map[string]func(*load.Result){
		"p99 was 1.001ms":                     func(r *load.Result) { r.Response.P99 = 1001 * time.Microsecond },
		"p99 was 1s":                          func(r *load.Result) { r.Response.P99 = 0 }, // too few for one
		"of 100 requests that were due, 98 w": func(r *load.Result) { r.Requests = 98 },
		"1 errors":                            func(r *load.Result) { r.Errors.Wrong = 1 },
	} {
		r := within
		change(&r)
		assert.Contains(t, beyond(r, time.Millisecond), want)
	}
}

// A server that serves ten requests at a time, each for 10 ms, can serve a thousand a
// second.
func TestCapacityIsFound(t *testing.T) {
	cfg := testConfig(t, "slow")
	cfg.Parts, cfg.SLO, cfg.NoPin = []results.Part{results.Capacities}, 150*time.Millisecond, true
	cfg.capacity = &capacitySearch{first: 4000, least: 250, near: 1.5, repeats: 2, requests: 500}
	r, err := Run(t.Context(), cfg)
	require.NoError(t, err)
	require.Len(t, r.Capacity, 1)
	c := r.Capacity[0]
	require.NotEmpty(t, c.Tries)
	assert.Less(t, c.Rate, 1500.0)
	require.NotNil(t, c.LowestFailure())
	assert.Greater(t, c.LowestFailure().Rate, c.Rate)
	for _, try := range c.Tries {
		assert.Equal(t, try.Rate <= c.Rate, try.Fail == "", "%v: %s", try.Rate, try.Fail)
	}
	var out bytes.Buffer
	require.NoError(t, text.Report(r, &out, text.Style{}, 120))
	assert.Contains(t, out.String(), "NOT KEPT")
	assert.Contains(t, strings.Join(text.Notes(r), "\n"), "p99 within 150ms")
}
