package proc

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/results"
)

func TestParsePerf(t *testing.T) {
	calls, err := parsePerf(`# started on …

31003,,raw_syscalls:sys_enter,2001,100.00,,
10000,,syscalls:sys_enter_read,2001,100.00,,
20000,,syscalls:sys_enter_write,2001,100.00,,
0,,syscalls:sys_enter_futex,2001,100.00,,
<not supported>,,syscalls:sys_enter_accept4,0,0.00,,
`)
	require.NoError(t, err)
	assert.Equal(t, map[string]int64{"read": 10_000, "write": 20_000, results.OtherCalls: 1003}, calls)
	_, err = parsePerf("Error:\nNo permission to enable raw_syscalls:sys_enter event.\n")
	assert.ErrorContains(t, err, "Error:")
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
