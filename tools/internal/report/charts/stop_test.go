package charts

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/report/plot"
	"github.com/ioflavors/ioflavors/tools/internal/report/reporttest"
)

func TestTheStopIsShown(t *testing.T) {
	r := reporttest.Sample(t)
	f := Stop(r)
	require.NotNil(t, f.Picture)
	text := reporttest.Text(f.Picture)
	assert.Contains(t, text, "Open loop: p99 290 ms")
	assert.Contains(t, text, "Closed loop: p99 90.0 µs")
	assert.Contains(t, text, "longest 301 ms, of 2,000 requests")
	assert.Equal(t, 2, reporttest.Paths(f.Picture, "shade"))
	assert.Equal(t, 7, reporttest.Paths(f.Picture, "bar1"), "no bar where there were no replies")
	assert.Len(t, f.Table.Rows, 10)
	assert.Equal(t, []string{"100ms", "runs", "200", "100 µs", "900", "90.0 µs"}, f.Table.Rows[1])
	assert.Equal(t, []string{"200ms", "stopped", "0", format.Absent, "0", format.Absent}, f.Table.Rows[2])
	assert.Equal(t, "runs", f.Table.Rows[5][1])
	assert.Contains(t, f.Remarks[0], "of its 2,000 requests at most 1 waited")

	r.StallCheck.Open.Response.P99 = time.Millisecond
	assert.True(t, strings.HasPrefix(Stop(r).Remarks[0], "DO NOT TRUST"))
}

// The shade is where the stop was on the axis, from 200 to 500 of 1000 ms.
func TestTheShadeIsTheStop(t *testing.T) {
	for _, m := range Stop(reporttest.Sample(t)).Picture.Marks {
		if m.Class == "shade" {
			const long = plot.Width - plot.Margin - plot.PanelLeft
			from, wide := plot.Coordinate(plot.PanelLeft+0.2*long), plot.Coordinate(0.3*long)
			assert.True(t, strings.HasPrefix(m.Path, "M"+from+" "), m.Path)
			assert.Contains(t, m.Path, "h"+wide)
		}
	}
}

func TestNoStop(t *testing.T) {
	r := reporttest.Sample(t)
	r.StallCheck.Open.Series, r.StallCheck.Closed.Series = nil, nil
	assert.Nil(t, Stop(r).Picture)
	r.StallCheck = nil
	assert.Nil(t, Stop(r).Picture)
	assert.NotEmpty(t, Stop(r).Missing)
}
