//go:build unix

package servercmd

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/session"
)

// run runs a program that does not serve, and returns what it says.
func run(p Program, args ...string) (stdout, stderr string, code int) {
	var out, err bytes.Buffer
	code = Run(context.Background(), p, args, &out, &err)
	return out.String(), err.String(), code
}

var mirror = session.Split(bufio.ScanLines, "\n", func(_, line []byte) ([]byte, error) { return line, nil })

func TestAProgramNeedsLittle(t *testing.T) {
	p := Program{Models: []server.Command{command}, Protocols: []Protocol{{Protocol: mirror}}}
	stdout, stderr, code := run(p, "--help")
	assert.Zero(t, code)
	assert.Empty(t, stderr)
	name := filepath.Base(os.Args[0])
	assert.Contains(t, stdout, name+": As plain as can be.\n\nusage: "+name+" [flags]\n")
	assert.NotContains(t, stdout, "--model")
	assert.NotContains(t, stdout, "--protocol")
	full, err := p.complete()
	assert.NoError(t, err)
	assert.Equal(t, name, full.Protocols[0].Name, "for the log")
	assert.Empty(t, p.Protocols[0].Name, "the caller's program stays as it was")
}

func TestAProgramThatIsNotComplete(t *testing.T) {
	models := []server.Command{command}
	for says, p := range map[string]Program{
		"test: this program has 0 models and 1 protocols; it needs one of each\n":         {Protocols: []Protocol{{Protocol: mirror}}},
		"test: this program has 1 models and 0 protocols; it needs one of each\n":         {Models: models},
		"test: this program has several protocols, and one has no name to choose it by\n": {Models: models, Protocols: []Protocol{{Name: "a", Protocol: mirror}, {Protocol: mirror}}},
		"test: session: the adapter has no function that answers\n":                       {Models: models, Protocols: []Protocol{{Protocol: session.Split(bufio.ScanLines, "", nil)}}},
		"test: session: a length prefix of 9 bytes; want 1 to 8, or 0 for a varint\n":     {Models: models, Protocols: []Protocol{{Protocol: session.Prefixed(session.Prefix{Bytes: 9}, func(b, _ []byte) ([]byte, error) { return b, nil })}}},
	} {
		p.Name = "test"
		stdout, stderr, code := run(p, "--addr", "127.0.0.1:0")
		assert.NotZero(t, code)
		assert.Empty(t, stdout)
		assert.Equal(t, says, stderr)
	}
}

func TestModelsAndProtocolsAreChosen(t *testing.T) {
	second := command
	second.Model, second.Summary = "second", "As good."
	p := Program{Name: "test", Summary: "a mirror", Models: []server.Command{command, second}, Protocols: []Protocol{{Name: "a", Protocol: mirror}, {Name: "b", Summary: "backwards", Protocol: mirror}}}
	stdout, _, _ := run(p, "--help")
	assert.Contains(t, stdout, "test: a mirror. As plain as can be.\n")
	assert.Contains(t, stdout, "--model name\n")
	assert.Contains(t, stdout, "test or second")
	assert.Contains(t, stdout, "b: backwards")
	for _, args := range [][]string{{"--model", "second", "--help"}, {"--help", "--model=second"}, {"-model=second", "-h"}} {
		stdout, _, code := run(p, args...)
		assert.Zero(t, code)
		assert.Contains(t, stdout, "test: a mirror. As good.\n", "%v", args)
	}
	for says, args := range map[string][]string{
		"test: --model \"third\": want test or second (--help lists the flags)\n": {"--model", "third"},
		"test: --protocol \"\": want a or b (--help lists the flags)\n":           {"--protocol="},
	} {
		_, stderr, code := run(p, args...)
		assert.Equal(t, 2, code)
		assert.Equal(t, says, stderr)
	}
}
