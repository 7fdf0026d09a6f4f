package timesplit

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// cellOf is a profile of a server that answered 100,000 requests in each second of CPU
// time that it would have used at 10 µs a request. Spent is in samples of 10 ms.
func cellOf(server string, samples map[results.Activity]int64) results.TimeCell {
	c := results.TimeCell{Server: server, Workload: 1, Requests: 100_000, Spent: make(map[results.Activity]time.Duration)}
	for a, n := range samples {
		c.Samples += n
		c.Spent[a] = time.Duration(n) * 10 * time.Millisecond
	}
	c.Resources = &results.Resources{Window: 2 * time.Second, Cores: 1, CPU: c.Sampled()}
	return c
}

func resultsOf(cells ...results.TimeCell) *results.Results {
	r := &results.Results{Plan: results.Plan{Workloads: results.Workloads(load.DefaultWorkload())}, Time: cells}
	for _, c := range cells {
		r.Servers = append(r.Servers, &results.Server{Target: results.Target{Name: c.Server}})
	}
	return r
}

type samples = map[results.Activity]int64

func TestWhyTheDearestIsDearer(t *testing.T) {
	r := resultsOf(
		cellOf("eventloop", samples{results.TimeWrite: 80, results.TimeRead: 20, results.TimeWait: 2, results.TimeLoop: 8}),
		cellOf("multiblocking", samples{results.TimeWrite: 82, results.TimeRead: 60, results.TimeWait: 3, results.TimeScheduler: 70, results.TimeLoop: 5}),
		cellOf("almost", samples{results.TimeWrite: 83, results.TimeRead: 20, results.TimeWait: 2, results.TimeLoop: 8}),
	)
	assert.Equal(t, []string{
		"multiblocking costs 11.0 µs more for a request than eventloop (22.0 and 11.0 µs): 7.00 µs more in Go's scheduler and netpoller and 4.00 µs in read.",
	}, Why(r), "3 samples of 80 are chance, and 3 % are noise")

	r.Noise = []results.Noise{{Workload: 0, CPU: 3}, {Workload: 1, CPU: 1.2}}
	assert.Equal(t, []string{"No server costs more than another beyond the lab's noise of 120 %."}, Why(r))
}

func TestWhySaysWhatADearServerSaves(t *testing.T) {
	sentences := Why(resultsOf(
		cellOf("cheap", samples{results.TimeWrite: 80, results.TimeRead: 20, results.TimeWait: 50}),
		cellOf("dear", samples{results.TimeWrite: 80, results.TimeRead: 200, results.TimeStore: 30, results.TimeCodec: 40, results.TimeLoop: 50}),
		cellOf("dearest", samples{results.TimeWrite: 900}),
	))
	assert.Equal(t, []string{
		"dearest costs 75.0 µs more for a request than cheap (90.0 and 15.0 µs): 82.0 µs more in write; it saves 5.00 µs in wait and 2.00 µs in read.",
		"dear costs 25.0 µs more for a request than cheap (40.0 and 15.0 µs): 18.0 µs more in read, 5.00 µs in the model's loop and 4.00 µs in codec and session; it saves 5.00 µs in wait.",
	}, sentences, "the three largest")
}

// A ring's one call is compared with three of others.
func TestWhyComparesARingWithThreeCalls(t *testing.T) {
	sentences := Why(resultsOf(
		cellOf("ring", samples{results.TimeRing: 90, results.TimeLoop: 10}),
		cellOf("calls", samples{results.TimeWrite: 100, results.TimeRead: 60, results.TimeWait: 30, results.TimeLoop: 10}),
	))
	assert.Equal(t, []string{
		"calls costs 10.0 µs more for a request than ring (20.0 and 10.0 µs): 10.0 µs more in reading, writing and waiting together.",
	}, sentences)
}

func TestWhyMakesNothingOfFewSamples(t *testing.T) {
	sentences := Why(resultsOf(
		cellOf("a", samples{results.TimeWrite: 3, results.TimeRead: 2}),
		cellOf("b", samples{results.TimeWrite: 5, results.TimeRead: 2}),
	))
	assert.Equal(t, []string{"b costs 0.20 µs more for a request than a (0.70 and 0.50 µs): the samples are too few to say where."}, sentences)
}

func TestWhyNamesTimeWithoutSamples(t *testing.T) {
	c := cellOf("kernel's threads", samples{results.TimeWrite: 100})
	c.Resources.CPU += time.Second
	assert.Equal(t, []string{
		"kernel's threads costs 10.0 µs more for a request than a (20.0 and 10.0 µs): 10.0 µs more in what has no samples.",
	}, Why(resultsOf(cellOf("a", samples{results.TimeWrite: 100}), c)))
}

func TestWhyLeavesOutWhatSaysNothing(t *testing.T) {
	a, b := cellOf("a", samples{results.TimeWrite: 100}), cellOf("b", samples{results.TimeWrite: 300})
	assert.Empty(t, Why(resultsOf(a)), "there is nothing to compare it with")
	assert.Len(t, Why(resultsOf(a, b)), 1)
	steal := 0.5
	b.Steal = &steal
	assert.Empty(t, Why(resultsOf(a, b)), "b's measurement was disturbed")
	b.Steal, b.Late = nil, time.Second
	assert.Empty(t, Why(resultsOf(a, b)), "b's profile is of another time")
	b.Late = 0
	r := resultsOf(a, b)
	r.Servers[1].DNF = "it ended"
	assert.Empty(t, Why(r))
	b.Requests = 0
	assert.Empty(t, Why(resultsOf(a, b)))
}
