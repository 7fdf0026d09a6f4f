package netfault

import (
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// firewall drops packets on the loopback device, where each packet passes
// the input hook once, in both directions.
type firewall struct{ t *testing.T }

func newFirewall(t *testing.T) *firewall {
	command(t, "nft", "add", "table", "inet", "netfault")
	t.Cleanup(func() { command(t, "nft", "delete", "table", "inet", "netfault") })
	command(t, "nft", "add chain inet netfault in { type filter hook input priority 0; policy accept; }")
	return &firewall{t}
}

// drop adds a rule by which packets are lost, such as "numgen random mod 100
// < 5". "" loses all.
func (f *firewall) drop(rule string) {
	command(f.t, "nft", "add rule inet netfault in "+rule+" counter drop")
}

// mend ends all loss, and returns the number of lost packets.
func (f *firewall) mend() (lost int) {
	out, err := exec.Command("nft", "list", "chain", "inet", "netfault", "in").CombinedOutput()
	require.NoError(f.t, err, "%s", out)
	for _, m := range regexp.MustCompile(`packets (\d+)`).FindAllSubmatch(out, -1) {
		n, err := strconv.Atoi(string(bytes.TrimSpace(m[1])))
		require.NoError(f.t, err)
		lost += n
	}
	command(f.t, "nft", "flush", "chain", "inet", "netfault", "in")
	return lost
}

// retransmitted returns how many segments this network has retransmitted.
func retransmitted(t *testing.T) int {
	data, err := os.ReadFile("/proc/self/net/snmp")
	require.NoError(t, err)
	var names []string
	for line := range strings.Lines(string(data)) {
		fields := strings.Fields(line)
		switch {
		case fields[0] != "Tcp:":
		case names == nil:
			names = fields
		default:
			for i, name := range names {
				if name == "RetransSegs" {
					n, err := strconv.Atoi(fields[i])
					require.NoError(t, err)
					return n
				}
			}
		}
	}
	t.Fatal("/proc/self/net/snmp has no RetransSegs")
	return 0
}
