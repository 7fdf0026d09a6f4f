package text

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/labtest"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

func TestSummarizeOpen(t *testing.T) {
	cell := func(server string, offered, answered int64, each time.Duration, void ...string) results.Cell {
		return results.Cell{Server: server, Workload: 1, Load: load.Result{
			Offered: offered, Requests: answered, Response: labtest.Times(t, answered, each), Service: labtest.Times(t, answered, each/2), Void: void,
		}}
	}
	servers := []*results.Server{{Target: results.Target{Name: "quick"}}, {Target: results.Target{Name: "slow", OneAtATime: true}}, {Target: results.Target{Name: "none"}}}
	plan := results.Plan{Workloads: results.Workloads(load.DefaultWorkload()), Open: results.OpenWorkloads(load.DefaultWorkload(), "")}
	wrong := cell("quick", 1000, 1000, time.Millisecond)
	wrong.Load.Errors = load.Errors{Wrong: 2, First: "oh"}
	cells := []results.Cell{
		cell("quick", 9000, 9000, time.Millisecond), cell("quick", 500, 500, time.Second, "late"), wrong,
		cell("quick", 1000, 1000, 100*time.Millisecond),
		cell("slow", 9000, 9000, time.Millisecond), cell("slow", 1000, 900, time.Millisecond),
	}
	r := &results.Results{Servers: servers, Plan: plan, Open: cells}
	require.NoError(t, r.Summarize())
	r.Summary = []results.Summary{{Server: "quick"}, {Server: "slow"}} // as if a closed loop had been measured
	all := r.OpenSummary
	require.Len(t, all, 2)
	quick, slow := all[0], all[1]
	assert.Equal(t, 1, quick.Workload)
	assert.Equal(t, []int{3, 1, 3}, []int{quick.Rounds, quick.Void, quick.MedianRounds})
	assert.Equal(t, "late", quick.Reason)
	assert.True(t, quick.Kept)
	assert.EqualValues(t, 11_000, quick.Response.Count, "the void round is not in it")
	assert.InEpsilon(t, time.Millisecond, quick.Response.P90, 0.01)
	assert.InEpsilon(t, 100*time.Millisecond, quick.Response.P99, 0.01, "of all rounds together, not the mean of theirs")
	assert.InEpsilon(t, 50*time.Millisecond, quick.Service.Max, 0.01)
	assert.EqualValues(t, 2, quick.Errors)
	assert.False(t, slow.Kept, "not in every round")

	assert.Equal(t, []string{"quick"}, r.Failed())
	var out bytes.Buffer
	require.NoError(t, latencies(r).Write(&out, Style{}))
	assert.Contains(t, out.String(), " 10,000/s")
	assert.Regexp(t, `quick +– +– +1.00ms +100ms`, out.String())
	assert.Regexp(t, `slow \* +– +– +▲1.00ms`, out.String())
	notes := strings.Join(openNotes(r), "\n")
	assert.Contains(t, notes, "quick, at 10,000 requests/s: 2 errors; the first: oh")
	assert.Contains(t, notes, "VOID: 1 of 6 cells")

	// The generator was late with few requests, so the void round counts for
	// the median only.
	cells[1].Load.SendLag = load.Times{P99: time.Second}
	cells[1].Load.Response = labtest.Times(t, 50_000, 10*time.Millisecond)
	require.NoError(t, r.Summarize())
	assert.Equal(t, 4, r.OpenSummary[0].MedianRounds)
	assert.InEpsilon(t, 10*time.Millisecond, r.OpenSummary[0].P50, 0.01)
	assert.InEpsilon(t, time.Millisecond, r.OpenSummary[0].Response.P50, 0.01)
	assert.Contains(t, strings.Join(openNotes(r), "\n"), "except for the medians of 1 in which")

	cells[0].Load.Response.Histogram = "none"
	assert.Error(t, r.Summarize())
}

// A run of the open loop alone has its table, too. Once no server was in it, because none had
// figures in the closed loop.
func TestTheOpenLoopAlone(t *testing.T) {
	r := &results.Results{
		Servers: []*results.Server{{Target: results.Target{Name: "quick"}}, {Target: results.Target{Name: "none"}}},
		Plan:    results.Plan{Workloads: results.Workloads(load.DefaultWorkload()), Open: results.OpenWorkloads(load.DefaultWorkload(), "")},
		Open:    []results.Cell{{Server: "quick", Load: load.Result{Offered: 9000, Requests: 9000, Response: labtest.Times(t, 9000, time.Millisecond)}}},
	}
	require.NoError(t, r.Summarize())
	var out bytes.Buffer
	require.NoError(t, latencies(r).Write(&out, Style{}))
	assert.Regexp(t, `quick +1.00ms +1.00ms`, out.String())
	assert.NotContains(t, out.String(), "none")
}
