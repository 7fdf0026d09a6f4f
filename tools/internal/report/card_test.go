package report

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/report/reporttest"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

func TestCards(t *testing.T) {
	r := reporttest.Sample(t)
	c := r.SummaryOf("quick", 0).Cost
	c.Interval, c.System = &results.Interval{Low: 90_000, High: 110_000}, &results.SystemShare{Share: 0.75, Low: 0.65, High: 0.85}
	r.SummaryOf("quick", 1).Cost.PSS = 7 << 20
	all := cards(r)
	require.Len(t, all, 3)
	quick := all[0]
	require.Len(t, quick.Requests, 2)
	assert.Equal(t, "90.0–110", quick.Requests[0].Interval)
	assert.Equal(t, "65–85 %", quick.Requests[0].Kernel)
	assert.Empty(t, quick.Requests[1].Interval)
	assert.Equal(t, format.Absent, quick.Requests[1].Kernel)
	assert.Equal(t, []pair{
		{"threads", "6"}, {"memory (RSS)", "15.0 MiB"}, {"memory (PSS)", "7.00 MiB"},
		{"a silent connection", "0.98 KiB"}, {"CPU when idle", "0.0 %"}, {"system calls", "2.08"},
	}, quick.Lines)
	assert.Equal(t, "read 1.00, write 1.00, sched_yield 0.03, accept4 0.02, nanosleep 0.01, others 0.01, epoll_ctl 0.01", quick.Calls)
	assert.Equal(t, "1 conn", quick.CallsAt)
}
