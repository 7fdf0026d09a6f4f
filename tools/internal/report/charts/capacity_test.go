package charts

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/report/reporttest"
)

func TestCapacity(t *testing.T) {
	r := reporttest.Sample(t)
	f := Capacity(r)
	require.NotNil(t, f.Picture)
	assert.Equal(t, [][]string{
		{"quick", "5,000", "6,000", "p99 was 1.1ms"},
		{"serial", "none", "1,000", "p99 was 2ms"},
		{"spins", "≥ 8,000", "9,000", "p99 was 3ms"},
	}, f.Table.Rows)
	assert.Equal(t, 2, reporttest.Paths(f.Picture, "median"), "no diamond where none was kept")
	assert.Equal(t, 3, reporttest.Paths(f.Picture, "try"))
	assert.Contains(t, reporttest.Text(f.Picture), "p99 within 1ms")

	r.Capacity = r.Capacity[:1]
	assert.Contains(t, reporttest.Text(Capacity(r).Picture), "not measured")
	r.Capacity = nil
	assert.Nil(t, Capacity(r).Picture)
	assert.NotEmpty(t, Capacity(r).Missing)
}
