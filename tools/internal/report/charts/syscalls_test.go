package charts

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/report/reporttest"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

func TestSystemCallsByName(t *testing.T) {
	r := reporttest.Sample(t)
	all := Syscalls(r)
	require.Len(t, all, 2)
	f := all[1]
	assert.Equal(t, "syscalls-2", f.ID)
	assert.Equal(t, []string{"model", "all", "read", "epoll_pwait", "write", "sched_yield", "accept4", "nanosleep", "others"}, f.Table.Head)
	assert.Equal(t, []string{"quick", "2.08", "1.00", "0.00", "1.00", "0.03", "0.02", "0.01", "0.02"}, reporttest.Row(t, f.Table, "quick"),
		"epoll_ctl and futex are among the others")
	assert.Contains(t, reporttest.Text(f.Picture), "2.08")
	assert.Equal(t, 3+1, reporttest.Paths(f.Picture, partClass(0, 6)), "read: a part of each bar, and the key")
	assert.Equal(t, 2+1, reporttest.Paths(f.Picture, partClass(1, 6)), "quick has no epoll_pwait")
	assert.Greater(t, reporttest.Paths(f.Picture, partClass(2, 6)), 3+1, "write is striped")
}

func TestCallsThatWereNotCounted(t *testing.T) {
	r := reporttest.Sample(t)
	r.Syscalls = r.Syscalls[:2] // quick’s
	r.Syscalls[1].Requests = 0
	all := Syscalls(r)
	require.Len(t, all, 1, "none under the second workload")
	assert.Contains(t, reporttest.Text(all[0].Picture), "not counted")
	assert.Equal(t, format.Absent, reporttest.Row(t, all[0].Table, "spins")[1])

	r.Syscalls = []results.SyscallCell{}
	all = Syscalls(r)
	require.Len(t, all, 1)
	assert.Nil(t, all[0].Picture)
	assert.NotEmpty(t, all[0].Missing)
}
