package lab

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/iouring"
	"github.com/ioflavors/ioflavors/tools/internal/bench"
	"github.com/ioflavors/ioflavors/tools/internal/labtest"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/models"
	"github.com/ioflavors/ioflavors/tools/internal/proc"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/term"
)

func profiled(servers ...results.Target) *run {
	r := &results.Results{Plan: results.Plan{
		Parts: []results.Part{results.Profile}, Workloads: results.Workloads(load.DefaultWorkload()), Warmup: 50 * time.Millisecond, Profile: time.Second,
	}}
	for _, s := range servers {
		r.Servers = append(r.Servers, &results.Server{Target: s})
	}
	return &run{Bench: &bench.Bench{Results: r}, progress: new(term.Progress)}
}

// Each model's profile has the calls that the model is made of.
func TestAProfileOfEachModel(t *testing.T) {
	var targets []results.Target
	for _, name := range models.Names() {
		if name != "iouring" || iouring.Available() == nil {
			targets = append(targets, labtest.Target(t, name))
		}
	}
	b := profiled(targets...)
	require.NoError(t, b.profiles(t.Context()))
	require.Empty(t, b.Results.NotMeasured)
	for _, s := range targets {
		c := b.Results.TimeOf(s.Name)
		require.NotNil(t, c, s.Name)
		assert.Equal(t, 1, c.Workload)
		assert.Equal(t, time.Duration(c.Samples)*10*time.Millisecond, c.Sampled(), "%s: each sample is of one activity", s.Name)
		var shares float64
		for _, a := range results.Activities {
			shares += c.PerRequest(a)
		}
		assert.InEpsilon(t, c.Total(), shares+c.Unsampled(), 1e-6, s.Name)
		must := []results.Activity{results.TimeWrite}
		switch s.Name {
		case "iouring":
			must = []results.Activity{results.TimeRing}
			assert.Zero(t, c.Spent[results.TimeWrite], "the ring writes")
		case "busywait":
			must = append(must, results.TimeRead)
		}
		for _, a := range must {
			assert.Positive(t, c.Spent[a], "%s: %s: %v", s.Name, a, c.Spent)
		}
	}
}

// A server without a debug server is left out visibly, and measured further.
func TestServersWithoutAProfile(t *testing.T) {
	b := profiled(labtest.Target(t, "right"), labtest.Target(t, "foreign"))
	require.NoError(t, b.profiles(t.Context()))
	assert.Empty(t, b.Results.Time)
	assert.Equal(t, []string{
		"where the CPU time goes: foreign: only this project's own servers have a debug server that the lab knows",
		"where the CPU time goes: right: it logged no debug server",
	}, b.Results.NotMeasured)
	assert.Empty(t, b.Results.Servers[0].DNF)

	b = profiled(labtest.Target(t, "fails"))
	require.NoError(t, b.profiles(t.Context()))
	assert.Contains(t, b.Results.Servers[0].DNF, "no luck today")
}

// Whatever a debug server answers, the lab goes on.
func TestADebugServerThatAnswersNoProfile(t *testing.T) {
	for want, answer := range map[string]http.HandlerFunc{
		"503": func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Has("seconds") {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		},
		"403":             func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) },
		"parsing profile": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("no profile")) },
	} {
		debug := httptest.NewServer(answer)
		b := profiled(labtest.Target(t, "right"))
		b.Results.Plan.Profile = 100 * time.Millisecond
		s := b.Results.Servers[0]
		p, err := proc.Start(t.Context(), s.Target, proc.Pinning{})
		require.NoError(t, err)
		require.NoError(t, b.Preload(t.Context(), s.Target, p))
		p.Debug = debug.URL + "/"
		_, err = b.profile(t.Context(), s, p)
		assert.ErrorContains(t, err, want)
		p.Kill()
		debug.Close()
	}
}
