//go:build unix

package exampletest

import (
	"bufio"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/exchanges"
	"github.com/ioflavors/ioflavors/common/server"
)

var listening = regexp.MustCompile(`msg=listening model=(\S+) protocol=\S+ addr=(\S+)`)

// testProcess starts the example as its users do, with every flag, and drains it.
func testProcess(t *testing.T, model server.Command, talk []exchanges.Exchange) {
	cmd := exec.CommandContext(t.Context(), os.Args[0], processArgs(model)...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	stderr, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	lines := bufio.NewScanner(stderr)
	var log strings.Builder
	addr := ""
	for addr == "" && lines.Scan() {
		log.WriteString(lines.Text() + "\n")
		if found := listening.FindStringSubmatch(lines.Text()); found != nil {
			assert.Equal(t, model.Model, found[1])
			addr = found[2]
		}
	}
	require.NotEmpty(t, addr, log.String())
	converse(t, addr, talk, false)
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	for lines.Scan() {
		log.WriteString(lines.Text() + "\n")
	}
	assert.NoError(t, cmd.Wait(), log.String())
	assert.Contains(t, log.String(), "msg=draining")
	assert.Contains(t, log.String(), "msg=stopped connections=3")
	assert.NotContains(t, log.String(), "level=WARN")
}

// processArgs are the arguments of a process that serves by a model.
func processArgs(model server.Command) []string {
	return slices.Concat([]string{"--model", model.Model, "--addr", "127.0.0.1:0"}, limits)
}
