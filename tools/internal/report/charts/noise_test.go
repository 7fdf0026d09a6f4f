package charts

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/report/reporttest"
)

func TestNoiseIsBesideTheSpread(t *testing.T) {
	r := reporttest.Sample(t)
	f := Noise(r)
	require.NotNil(t, f.Picture)
	assert.Equal(t, []string{"A/A: quick, twice", "20 %", "3 %"}, f.Table.Rows[0])
	assert.Equal(t, []string{"spins", "10 %", "10 %"}, reporttest.Row(t, f.Table, "spins"))
	assert.Equal(t, 2, reporttest.Paths(f.Picture, "bar2"))
	assert.Equal(t, 3*2, reporttest.Paths(f.Picture, "mark"), "on each bar but its own")
	assert.Contains(t, reporttest.Text(f.Picture), "a whole bar is 20 %")

	r.Noise = nil
	assert.Zero(t, reporttest.Paths(Noise(r).Picture, "mark"))
	r.Summary = nil
	assert.Nil(t, Noise(r).Picture)
	assert.NotEmpty(t, Noise(r).Missing)
}
