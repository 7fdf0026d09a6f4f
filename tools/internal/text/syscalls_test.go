package text

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

func TestSyscallTable(t *testing.T) {
	r := &results.Results{
		Plan: results.Plan{Workloads: results.Workloads(load.DefaultWorkload())},
		Servers: []*results.Server{
			{Target: results.Target{Name: "polls"}}, {Target: results.Target{Name: "spins"}}, {Target: results.Target{Name: "none"}},
		},
		Syscalls: []results.SyscallCell{
			{Server: "polls", Method: "perf", Requests: 1000, Calls: map[string]int64{"read": 1000, "write": 1000, "epoll_pwait": 1000, results.OtherCalls: 4, "futex": 10}},
			{Server: "polls", Workload: 1, Method: "perf", Requests: 1000, Calls: map[string]int64{"read": 1000, "write": 1000, "epoll_pwait": 20}},
			{Server: "spins", Method: "perf", Requests: 100, Calls: map[string]int64{"read": 500, "write": 100}},
		},
	}
	assert.Equal(t, "epoll_pwait 1.00, read 1.00, write 1.00, futex 0.01", r.Syscalls[0].String(), "four in a thousand are no news")
	assert.Equal(t, "none", results.SyscallCell{}.String())
	var out bytes.Buffer
	require.NoError(t, callCounts(r).Write(&out, Style{}))
	assert.Regexp(t, `MODEL +ALL +read +epoll_pwait +write +futex +ALL +read +epoll_pwait +write +futex\n`, out.String(), "by what some server does most")
	assert.Regexp(t, `polls +3.01 +1.00 +1.00 +1.00 +0.01 +2.02 +1.00 +0.02 +1.00 +0.00\n`, out.String())
	assert.Regexp(t, `spins +6.00 +5.00 +0.00 +1.00 +0.00 +– +– +– +– +–\n`, out.String())
	assert.NotContains(t, out.String(), "none")
	assert.Len(t, syscallNotes(r), 1)
	r.Syscalls[2].Calls[results.RingCall] = 100
	assert.Contains(t, syscallNotes(r), RingNote, "one call of it is not what one call of the others is")
}
