package claims

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/report/plot"
	"github.com/ioflavors/ioflavors/tools/internal/report/reporttest"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

func TestTheStall(t *testing.T) {
	f := claimOf(t, reporttest.Sample(t), "E2").Pictures[0]
	require.Equal(t, "stall-e2", f.ID)
	text := reporttest.Text(f.Picture)
	for _, want := range []string{"connects\nand says\nnothing", "sends half\na frame", "quick\n● 300 µs", "serial\n▲ 2.00 s", "spins\n● 40.0 ms", "others wait for it"} {
		assert.Contains(t, text, want)
	}
	crowd := reporttest.Text(claimOf(t, reporttest.Crowd(t), "E2").Pictures[0].Picture)
	assert.Contains(t, crowd, "multiblocking --os-threads\n", "our longest names are not cut")
	assert.Equal(t, 1+1, reporttest.Paths(f.Picture, "wall"), "of the one that it is confirmed for, and in the key")
	assert.Equal(t, 2+1, reporttest.Paths(f.Picture, "calm"))
	assert.Equal(t, 3*3+1, reporttest.Paths(f.Picture, "shade"), "each attack behind each server")
	assert.Zero(t, reporttest.Paths(f.Picture, "mark"), "all were answered")
	assert.Equal(t, []string{"serial", "2.00 s", "2.00 s", "2.00 s", "250 µs", "0"}, reporttest.Row(t, f.Table, "serial"))
}

// A row's shade is where its attack was.
func TestTheShadeIsTheAttack(t *testing.T) {
	s := stall{length: 10 * time.Second}
	assert.InDelta(t, stallLeft, s.at(0), 1e-9)
	assert.InDelta(t, (stallLeft+stallRight)/2, s.at(5*time.Second), 1e-9)
	assert.InDelta(t, stallRight, s.at(time.Minute), 1e-9, "not out of the picture")
}

func TestNobodyWasAnswered(t *testing.T) {
	all := claimOf(t, reporttest.Sample(t), "E11").Pictures
	require.Len(t, all, 2, "a picture for each case")
	broken, many := all[0], all[1]
	assert.Contains(t, reporttest.Text(broken.Picture), "a slow reader")
	assert.Contains(t, reporttest.Text(broken.Picture), "serial\n400 unanswered")
	assert.NotContains(t, reporttest.Text(broken.Picture), "quick", "it was not in the experiment")
	assert.Greater(t, reporttest.Paths(broken.Picture, "mark"), 20)
	assert.Equal(t, []string{"serial: the first of 2 runs."}, broken.Remarks)
	assert.Equal(t, "400", reporttest.Row(t, broken.Table, "serial")[3])
	assert.Contains(t, reporttest.Text(many.Picture), "9: asks for much", "too many to be named in place")
}

// Steps without an answered probe are a gap, not a flat line.
func TestSkyline(t *testing.T) {
	s := stall{length: 4}
	s.y, _ = plot.Logarithmic([]float64{1, 100}, 40, 0)
	lines := s.skyline(&results.Timeline{Step: 1, Steps: []results.Moment{{Worst: 1}, {}, {Worst: 100}, {Worst: 10}}})
	require.Len(t, lines, 2)
	assert.Len(t, lines[0], 1)
	assert.Len(t, lines[1], 2)
	assert.Less(t, lines[1][0].y, lines[1][1].y, "a longer wait is higher up")
}

func TestWrapped(t *testing.T) {
	lines, fit := wrapped("connects and says nothing", 12)
	assert.Equal(t, []string{"connects and", "says nothing"}, lines)
	assert.True(t, fit)
	_, fit = wrapped("connects", 7)
	assert.False(t, fit)
}
