package charts

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/report/reporttest"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

func TestRateTellsOfVoidAndOverload(t *testing.T) {
	r := reporttest.Sample(t)
	assert.Equal(t, "knee 5,000/s", reporttest.Row(t, Rate(r).Table, "quick")[9], "by the search")
	r.Capacity = nil
	f := Rate(r)
	assert.Equal(t, "knee 4,000/s", reporttest.Row(t, f.Table, "quick")[9])
	require.NotNil(t, f.Picture)
	assert.Equal(t, []string{"model",
		"p50 at 1,000/s", "p99 at 1,000/s", "p50 at 2,000/s", "p99 at 2,000/s",
		"p50 at 4,000/s", "p99 at 4,000/s", "p50 at 8,000/s", "p99 at 8,000/s", "the knee"}, f.Table.Head)
	serial := reporttest.Row(t, f.Table, "serial")
	assert.Equal(t, []string{"VOID", "VOID"}, serial[3:5])
	assert.Contains(t, serial[5], "▲")
	assert.NotContains(t, serial[1], "▲")
}

// Where the generator was late with few requests, the median stands, and so does
// whether the rate was kept.
func TestOnlyTheMedianStands(t *testing.T) {
	r := reporttest.Sample(t)
	r.Capacity = nil
	for i := range r.OpenSummary {
		r.OpenSummary[i].Rounds = 0
	}
	f := Rate(r)
	quick := reporttest.Row(t, f.Table, "quick")
	assert.NotContains(t, quick[1], "VOID")
	assert.Equal(t, "VOID", quick[2])
	assert.Equal(t, "knee 4,000/s", quick[9])
	require.NotNil(t, f.Picture)
	assert.Equal(t, 1, reporttest.Paths(f.Picture, "curve c0"), "no line but the key's")
	assert.Positive(t, reporttest.Paths(f.Picture, "curve d1 c0"))
}

// Of the sample's twelve points, three are overloaded and two void.
func TestRateMarks(t *testing.T) {
	r := reporttest.Sample(t)
	withSLO := Rate(r).Picture
	assert.Equal(t, 3+1, reporttest.Paths(withSLO, "slo"), "in each plot, and in the key")
	assert.Equal(t, 3+1+2+1, reporttest.Paths(withSLO, "try"), "each step of the search, and the key")
	assert.Equal(t, 2+1, reporttest.Paths(withSLO, "ring"), "two capacities, and the key")
	r.Capacity = nil
	p := Rate(r).Picture
	assert.Zero(t, reporttest.Paths(p, "slo"), "there was no search for a capacity")
	hollow := reporttest.Paths(p, "hollow c0") + reporttest.Paths(p, "hollow c1")
	assert.Equal(t, 2*3+1, hollow, "a p50 and a p99 each, and the key")
	assert.Equal(t, 2*(12-3-2)+3, reporttest.Paths(p, "full c0")+reporttest.Paths(p, "full c1")+reporttest.Paths(p, "full c2"), "and the heads")
	assert.Equal(t, 1, reporttest.Paths(p, "curve c1"), "no line to or from the void one, nor from the one before it")
	assert.Equal(t, 2+1, reporttest.Paths(p, "ring"), "the knees of two, and the key")
}

func TestKneeByThePlansRates(t *testing.T) {
	r := reporttest.Sample(t)
	of := func(server string) knee { return kneeOf(nil, points(r, server), nil) }
	assert.Equal(t, "knee 4,000/s", of("quick").String())
	assert.Equal(t, "knee 1,000–4,000/s", of("serial").String(), "2,000 is void: it may be there or not")
	assert.Equal(t, "no knee to 4,000/s", of("spins").String(), "8,000 is void")
	assert.False(t, of("spins").found)
	assert.Equal(t, "not measured", of("another").String())

	for i := range r.OpenSummary {
		r.OpenSummary[i].Kept = false
	}
	assert.Equal(t, "knee below 1,000/s", of("quick").String())
	for i := range r.OpenSummary {
		r.OpenSummary[i].Rounds, r.OpenSummary[i].MedianRounds = 0, 0
	}
	assert.Equal(t, "VOID at all rates", of("quick").String())
}

func TestKneeByCapacity(t *testing.T) {
	c := &results.Capacity{Rate: 5000, Tries: []results.Try{
		{Rate: 4000, Runs: []results.Cell{{Load: reporttest.OpenLoad(t, 20)}}},
		{Rate: 8000, Runs: []results.Cell{{Load: reporttest.OpenLoad(t, 900)}}, Fail: "p99 was 1.1ms"},
		{Rate: 6000, Runs: []results.Cell{{Load: reporttest.OpenLoad(t, 900)}}, Fail: "p99 was 1.1ms"},
		{Rate: 5000, Runs: []results.Cell{{Load: reporttest.OpenLoad(t, 30)}, {Load: reporttest.OpenLoad(t, 30)}}},
	}}
	tries, err := tried(c)
	require.NoError(t, err)
	k := kneeOf(c, nil, tries)
	assert.Equal(t, "knee 5,000/s", k.String())
	assert.Equal(t, 6000.0, k.next, "the lowest that was not kept, not the first that was tried")
	assert.InDelta(t, 30e3+1980*19.8, k.p99, 500)
	c.LowerBound = true
	assert.Equal(t, "knee ≥ 5,000/s", kneeOf(c, nil, tries).String())
	c.Rate = 0
	assert.Equal(t, "knee below 6,000/s", kneeOf(c, nil, tries).String())
}

func TestTriesOfFewRequests(t *testing.T) {
	few := results.Cell{Load: reporttest.LoadOf(t, 100, 1, false, 50)}
	tries, err := tried(&results.Capacity{Tries: []results.Try{{Rate: 1, Runs: []results.Cell{few}}}})
	require.NoError(t, err)
	assert.InDelta(t, 50e3, tries[0].p99, 500, "the longest")
}

func TestVoidTries(t *testing.T) {
	void := results.Cell{Load: reporttest.OpenLoad(t, 20)}
	void.Load.Void = []string{"late"}
	tries, err := tried(&results.Capacity{Tries: []results.Try{
		{Rate: 1, Runs: []results.Cell{void}}, {Rate: 2, Runs: []results.Cell{void}, Fail: "p99 was 2ms"},
	}})
	require.NoError(t, err)
	assert.False(t, tries[0].void, "it was kept even so")
	assert.True(t, tries[1].void)
}

func TestNoRates(t *testing.T) {
	r := reporttest.Sample(t)
	r.Capacity = nil
	for i := range r.OpenSummary {
		r.OpenSummary[i] = results.OpenSummary{Server: r.OpenSummary[i].Server, Workload: r.OpenSummary[i].Workload, Void: 3}
	}
	f := Rate(r)
	assert.Nil(t, f.Picture)
	assert.Contains(t, f.Missing, "void")
	assert.Nil(t, OpenSpectrum(r).Picture)
	assert.NotEmpty(t, OpenSpectrum(r).Missing)
}
