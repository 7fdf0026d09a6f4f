package experiments

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// poolTrials are a server's runs of E9, one for each case. costs are their CPU
// times per request, and suffix ends the cases' names.
func poolTrials(server, suffix string, served int, costs ...time.Duration) (all []results.Trial) {
	for i, c := range poolCases {
		t := results.Trial{Experiment: "E9", Server: server, Case: c + suffix, Resources: &results.Resources{CPU: 1000 * costs[i], RSS: 20 << 20}}
		if i == 1 {
			t.Figures = map[string]float64{poolClients: 1000}
		} else {
			t.Load = &load.Result{Requests: 1000, Served: served, Workload: load.Workload{Connections: 256}}
		}
		all = append(all, t)
	}
	return all
}

func TestAPoolIsJudgedByItsBestLoad(t *testing.T) {
	const pool = "multiblocking --workers 64"
	for _, test := range []struct {
		costs     []time.Duration
		want, sum results.Verdict
		number    float64
		when      string
	}{
		{[]time.Duration{1000, 2020, 1010}, results.Refuted, results.Refuted, 1, ""},
		{[]time.Duration{1100, 1600, 1010}, results.Confirmed, results.OnlyWhen, 0.8, "the load is churn (multiblocking --workers 64: 0.80 of the CPU per request)"},
		{[]time.Duration{800, 2000, 1000}, results.Confirmed, results.OnlyWhen, 0.8, "the load is steady (multiblocking --workers 64: 0.80 of the CPU per request, by serving 64 of 256 connections)"},
		{[]time.Duration{800, 1600, 700}, results.Confirmed, results.Confirmed, 0.7, ""},
	} {
		r := &results.Results{Plan: results.Plan{Experiments: []string{"E9"}}}
		for _, name := range []string{"multiblocking", pool, "eventloop"} {
			r.Servers = append(r.Servers, &results.Server{Target: results.Target{Name: name}})
		}
		r.Trials = append(poolTrials(pool, plainCase, 256, 1000, 2000, 1000), poolTrials(pool, "", 64, test.costs...)...)
		claims := Judge(r)
		require.Len(t, claims, 1)
		require.Len(t, claims[0].Findings, 1, "of the pool only")
		f := claims[0].Findings[0]
		assert.Equal(t, test.want, f.Verdict)
		assert.InDelta(t, test.number, f.Number, 1e-9)
		assert.Contains(t, f.Why, "it served 64 of 256 connections, with 20.0 MiB instead of 20.0")
		assert.Equal(t, test.sum, claims[0].Verdict)
		assert.Equal(t, test.when, claims[0].When)

		for i := range r.Trials {
			r.Trials[i].Resources = nil
		}
		f, measured := experimentPool.judge(r, r.Servers[1])
		require.True(t, measured)
		assert.Equal(t, results.NotMeasurable, f.Verdict)
		assert.Contains(t, f.Why, "cannot tell here")
	}
}
