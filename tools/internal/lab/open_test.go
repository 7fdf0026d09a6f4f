package lab

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ioflavors/ioflavors/tools/internal/bench"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// A rate that tells nothing on this machine is not offered again. One that told
// something of one server is.
func TestARateThatTellsNothingIsGivenUp(t *testing.T) {
	cell := func(workload int, void ...string) results.Cell {
		return results.Cell{Workload: workload, Load: load.Result{Void: void}}
	}
	b := &run{Bench: &bench.Bench{Results: &results.Results{
		Plan: results.Plan{Rounds: 6, Open: []load.Workload{{Rate: 5_000}, {Rate: 40_000}, {Rate: 80_000}}},
		Open: []results.Cell{cell(0, "late"), cell(0), cell(1, "late"), cell(1, "late")},
	}}, givenUp: map[int]bool{}}
	b.giveUpRates(1)
	assert.Empty(t, b.givenUp, "one round is too few")
	b.giveUpRates(2)
	assert.Equal(t, map[int]bool{1: true}, b.givenUp, "80,000/s was not tried")
	assert.Equal(t, []string{"40,000 requests/s in more than 2 rounds: until then each server's measurement of that rate was void"}, b.Results.NotMeasured)

	b.Results.Plan.Rounds, b.Results.NotMeasured, b.givenUp = 2, nil, map[int]bool{}
	b.giveUpRates(2)
	assert.Empty(t, b.Results.NotMeasured, "no round follows")
}
