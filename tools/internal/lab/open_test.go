package lab

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ioflavors/ioflavors/tools/internal/bench"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// A rate of which over three quarters of the measurements are void is not offered again.
func TestARateThatTellsNextToNothingIsGivenUp(t *testing.T) {
	var open []results.Cell
	for workload, void := range []int{3, 4} { // of 4
		for i := range 4 {
			cell := results.Cell{Workload: workload}
			if i < void {
				cell.Load.Void = []string{"late"}
			}
			open = append(open, cell)
		}
	}
	b := &run{Bench: &bench.Bench{Results: &results.Results{
		Plan: results.Plan{Rounds: 6, Open: []load.Workload{{Rate: 5_000}, {Rate: 40_000}, {Rate: 80_000}}}, Open: open,
	}}, givenUp: map[int]bool{}}
	b.giveUpRates(1)
	assert.Empty(t, b.givenUp, "one round is too few")
	b.giveUpRates(2)
	assert.Equal(t, map[int]bool{1: true}, b.givenUp, "80,000/s was not tried")
	assert.Equal(t, []string{"40,000 requests/s in more than 2 rounds: in these, over three quarters of the measurements were void"}, b.Results.NotMeasured)

	b.Results.Plan.Rounds, b.Results.NotMeasured, b.givenUp = 2, nil, map[int]bool{}
	b.giveUpRates(2)
	assert.Empty(t, b.Results.NotMeasured, "no round follows")
}
