package report

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCapacity(t *testing.T) {
	r := sample(t)
	f := capacityFigure(r)
	require.NotNil(t, f.Picture)
	assert.Equal(t, [][]string{
		{"quick", "5,000", "6,000", "p99 was 1.1ms"},
		{"serial", "none", "1,000", "p99 was 2ms"},
		{"spins", "≥ 8,000", "9,000", "p99 was 3ms"},
	}, f.Table.Rows)
	assert.Equal(t, 2, marks(f.Picture, "median"), "no diamond where none was kept")
	assert.Equal(t, 3, marks(f.Picture, "try"))
	assert.Contains(t, pictureText(f.Picture), "p99 within 1ms")

	r.Capacity = r.Capacity[:1]
	assert.Contains(t, pictureText(capacityFigure(r).Picture), "not measured")
	r.Capacity = nil
	assert.Nil(t, capacityFigure(r).Picture)
	assert.NotEmpty(t, capacityFigure(r).Missing)
}
