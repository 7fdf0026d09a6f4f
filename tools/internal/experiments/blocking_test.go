package experiments

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

func TestWhoWaitsInTheKernel(t *testing.T) {
	r := &results.Results{Plan: results.Plan{Workloads: results.Workloads(load.DefaultWorkload())}}
	for _, test := range []struct {
		name  string
		calls map[string]int64
		want  results.Verdict
		why   string
	}{
		{"multiblocking --os-threads", map[string]int64{"read": 1000, "write": 1000, "epoll_pwait": 20, "futex": 3000}, results.Confirmed, "sleeps"},
		{"multiblocking", map[string]int64{"read": 1000, "write": 1000, "epoll_pwait": 1800}, results.Refuted, "a poller waits"},
		{"singleblocking", map[string]int64{"read": 2000, "write": 1000, "epoll_pwait": 1800}, results.Refuted, "a poller waits"},
		{"busywait", map[string]int64{"recvfrom": 90_000, "write": 1000}, results.Refuted, "find nothing"},
		{"iouring", map[string]int64{"io_uring_enter": 1000}, results.Refuted, "io_uring_enter waits"},
	} {
		s := &results.Server{Target: results.Target{Name: test.name}}
		r.Servers = append(r.Servers, s)
		r.Syscalls = append(r.Syscalls,
			results.SyscallCell{Server: s.Name, Workload: 1, Method: "perf", Requests: 1000, Calls: map[string]int64{"epoll_pwait": 300}},
			results.SyscallCell{Server: s.Name, Workload: 0, Method: "perf", Requests: 1000, Calls: test.calls})
		f, measured := experimentBlocking.judge(r, s)
		require.True(t, measured)
		assert.Equal(t, test.want, f.Verdict, test.name)
		assert.Contains(t, f.Why, test.why)
		assert.False(t, f.Close)
	}
	_, measured := experimentBlocking.judge(r, &results.Server{Target: results.Target{Name: "eventloop"}})
	assert.False(t, measured, "no calls were counted")

	r.Plan.Experiments = []string{"E12"}
	claims := Judge(r)
	require.Len(t, claims, 1)
	assert.Equal(t, results.OnlyWhen, claims[0].Verdict)
	assert.Contains(t, claims[0].When, "kernel: multiblocking --os-threads; ")
}
