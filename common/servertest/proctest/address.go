package proctest

import (
	"net"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/server"
)

// testDefaultAddress starts the command without an address. If the port is
// in use, perhaps by another test, the error must name the address, too.
func testDefaultAddress(t *testing.T, target server.Variant) {
	p := spawn(t, serverRole, nil, slices.Concat(target.Args, []string{"--log-format", "json"})...)
	var at any
	p.eventually("it listens, or says why not", func() bool {
		entry, listens := p.logged("listening")
		at = entry["addr"]
		return listens || ended(p)
	})
	if ended(p) {
		assert.Contains(t, p.String(), "listen tcp 127.0.0.1:7070: ")
		return
	}
	assert.Equal(t, "127.0.0.1:7070", at)
}

// testNoHost starts the command with a port and no host: it must listen on this
// machine only. Then it starts the command on all addresses, which the log must
// say.
func testNoHost(t *testing.T, target server.Variant) {
	p := spawn(t, serverRole, nil, slices.Concat(target.Args, []string{"--log-format", "json", "--addr", ":0"})...)
	assert.Contains(t, p.wantLog("listening")["addr"], "127.0.0.1:")
	assert.NotContains(t, p.String(), "WARN")
	p = spawn(t, serverRole, nil, slices.Concat(target.Args, []string{"--log-format", "json", "--addr", "0.0.0.0:0"})...)
	p.wantLog("other machines can reach the address; nothing is encrypted, and the server asks for no password unless its protocol does")
}

// testBadAddress starts the command with addresses where it cannot listen:
// exit code 1, or 2 if no server could listen there.
func testBadAddress(t *testing.T, target server.Variant) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer busy.Close()
	for addr, code := range map[string]int{
		"nowhere": 2, "127.0.0.1": 2, "127.0.0.1:99999": 2, "127.0.0.1:port": 2,
		"no.such.host.invalid:1": 1,
		"192.0.2.1:0":            1, // reserved for documentation, so not an address of this machine
		busy.Addr().String():     1,
	} {
		p := spawn(t, serverRole, nil, slices.Concat(target.Args, []string{"--addr", addr})...)
		p.wantExit(code)
		assert.Regexp(t, `\Akv-\w+: (listen|--addr)[^\n]+\n\z`, p.String(), addr)
	}
}

func ended(p *process) bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}
