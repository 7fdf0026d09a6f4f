package proc

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ioflavors/ioflavors/tools/internal/results"
)

func TestParsePerf(t *testing.T) {
	names := []string{"read", "write", "epoll_wait", "futex", "accept4"}
	calls, err := parsePerf(`# started on …

31003,,raw_syscalls:sys_enter,2001,100.00,,
10000,,raw_syscalls:sys_enter,2001,100.00,,
20000,,raw_syscalls:sys_enter,2001,100.00,,
3,,syscalls:sys_enter_epoll_wait,2001,100.00,,
0,,raw_syscalls:sys_enter,2001,100.00,,
<not supported>,,raw_syscalls:sys_enter,0,0.00,,
`, names)
	require.NoError(t, err)
	assert.Equal(t, map[string]int64{"read": 10_000, "write": 20_000, "epoll_wait": 3, results.OtherCalls: 1000}, calls)
	_, err = parsePerf("Error:\nNo permission to enable raw_syscalls:sys_enter event.\n", names)
	assert.ErrorContains(t, err, "Error:")
}

// Calls that every architecture has are counted by one tracepoint with filters.
func TestPerfEvents(t *testing.T) {
	assert.Equal(t, []string{
		"--event", "raw_syscalls:sys_enter",
		"--event", "raw_syscalls:sys_enter", "--filter", fmt.Sprintf("id==%d", unix.SYS_FUTEX),
		"--event", "syscalls:sys_enter_epoll_wait",
	}, perfEvents([]string{"futex", "epoll_wait"}))
	for _, name := range namedCalls {
		assert.Contains(t, callNumbers, name)
	}
}

func TestParseStrace(t *testing.T) {
	calls, err := parseStrace(`strace: Process 4711 attached with 6 threads
    calls syscall
--------- ------------------
      372 futex
     4309 read
--------- ------------------
     4681 total
`)
	require.NoError(t, err)
	assert.Equal(t, map[string]int64{"futex": 372, "read": 4309}, calls)
	_, err = parseStrace("strace: attach: ptrace(PTRACE_SEIZE, 1): Operation not permitted\n")
	assert.ErrorContains(t, err, "not permitted")
}
