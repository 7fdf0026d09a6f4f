//go:build unix

package servercmd

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/blocking"
	"github.com/ioflavors/ioflavors/common/kv"
	"github.com/ioflavors/ioflavors/common/kvclient"
	"github.com/ioflavors/ioflavors/common/memlimit"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/session"
)

// asServer in the environment makes the test binary run the command under test.
const asServer = "SERVERCMD_TEST_AS_SERVER"

// program returns the program under test, with one model.
func program(c server.Command) Program {
	return Program{
		Name: "kv-test", Summary: "a key/value server", Models: []server.Command{c},
		Protocols: []Protocol{{Name: "kv", Flags: func(fs *flag.FlagSet) func() (session.Protocol, error) {
			var limit int64
			server.SizeFlag(fs, &limit, "store-limit", "`bytes` that the store may hold")
			return func() (session.Protocol, error) { return kv.New(kv.Config{StoreLimit: limit}), nil }
		}}},
	}
}

func TestMain(m *testing.M) {
	if os.Getenv(asServer) != "" {
		os.Exit(Run(context.Background(), program(command), os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// command runs a plain server: a goroutine for each client.
var command = server.Command{
	Model:   "test",
	Summary: "As plain as can be.",
	Flags: func(fs *flag.FlagSet) func(server.Config) (server.Server, error) {
		return func(cfg server.Config) (server.Server, error) {
			core := server.NewCore(cfg, server.Traits{Threads: true}, 1)
			conns := blocking.NewConns(core)
			return core.Lifecycle(&model{core, conns, blocking.NewAcceptor(conns)}), nil
		}
	},
}

type model struct {
	core     *server.Core
	conns    *blocking.Conns
	acceptor *blocking.Acceptor
}

func (m *model) Run(ln net.Listener) error {
	m.acceptor.Bind(ln)
	var serving sync.WaitGroup
	defer serving.Wait()
	m.core.Ready()
	for {
		client, err := m.acceptor.Accept()
		if err != nil {
			return err
		}
		serving.Go(func() {
			c := m.conns.Open(client)
			for c.Wants() != 0 {
				if out := c.Output(); len(out) > 0 {
					c.HandleWrite(client.Write(out))
				} else {
					c.HandleRead(client.Read(c.Buffer()))
				}
			}
			m.conns.Close(c)
		})
	}
}

func (m *model) Wake() { m.acceptor.Wake(); m.conns.Wake() }

// process is the command as a process of its own.
type process struct {
	*exec.Cmd
	t     *testing.T
	lines *bufio.Scanner
	log   []string
}

func start(t *testing.T, args ...string) *process {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	p := &process{Cmd: exec.CommandContext(ctx, self, append([]string{"--addr", "127.0.0.1:0", "--log-format", "json"}, args...)...), t: t}
	p.Env = append(os.Environ(), asServer+"=1")
	stderr, err := p.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, p.Start())
	p.lines = bufio.NewScanner(stderr)
	return p
}

// logged reads the log up to the line with a message, and returns the line's fields.
func (p *process) logged(msg string) (fields map[string]any) {
	p.t.Helper()
	for p.lines.Scan() {
		p.log = append(p.log, p.lines.Text())
		fields = nil
		require.NoError(p.t, json.Unmarshal(p.lines.Bytes(), &fields), "%s", p.lines.Bytes())
		if fields["msg"] == msg {
			return fields
		}
	}
	require.Fail(p.t, "never logged: "+msg, "%s", strings.Join(p.log, "\n"))
	return nil
}

// exit waits for the process to end, and returns its exit code and its whole log.
func (p *process) exit() (code int, log string) {
	for p.lines.Scan() {
		p.log = append(p.log, p.lines.Text())
	}
	_ = p.Wait()
	return p.ProcessState.ExitCode(), strings.Join(p.log, "\n")
}

func TestASignalDrainsAndExitsWithZero(t *testing.T) {
	for _, signal := range []os.Signal{os.Interrupt, terminate} {
		p := start(t)
		addr := p.logged("listening")["addr"].(string)
		c, err := kvclient.Dial(t.Context(), addr)
		require.NoError(t, err)
		require.NoError(t, c.Put(t.Context(), "k", "v"))
		require.NoError(t, p.Process.Signal(signal))
		code, log := p.exit()
		assert.Zero(t, code, log)
		assert.Contains(t, log, `"msg":"stopped"`)
		assert.Len(t, p.log, 3, "listening, draining, stopped, and nothing for a request: %s", log)
		_, _, err = c.Get(t.Context(), "k")
		assert.Error(t, err)
		_ = c.Close()
	}
}

// stuck makes a slow reader: it asks for more than all buffers hold, and reads one
// byte.
func stuck(t *testing.T, addr string) {
	t.Helper()
	c, err := kvclient.Dial(t.Context(), addr)
	require.NoError(t, err)
	require.NoError(t, c.Put(t.Context(), "big", strings.Repeat("x", 1<<19)))
	require.NoError(t, c.Close())

	nc, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = nc.Close() })
	require.NoError(t, nc.(*net.TCPConn).SetReadBuffer(4096))
	get := append([]byte{12, 0, 0, 0, 0x0a, 3}, "big\x18\x01@EOF@"...)
	_, err = nc.Write(bytes.Repeat(get, 400))
	require.NoError(t, err)
	_, err = nc.Read(make([]byte, 1)) // the server is answering it now
	require.NoError(t, err)
}

func TestAStuckClientIsDroppedAtTheDrainTimeout(t *testing.T) {
	p := start(t, "--drain-timeout", "200ms", "--write-timeout", "1h")
	stuck(t, p.logged("listening")["addr"].(string))
	require.NoError(t, p.Process.Signal(terminate))
	code, log := p.exit()
	assert.Zero(t, code, log)
	assert.Contains(t, log, "drain timeout")
}

func TestASecondSignalEndsAtOnce(t *testing.T) {
	p := start(t, "--drain-timeout", "1h", "--write-timeout", "1h")
	stuck(t, p.logged("listening")["addr"].(string))
	require.NoError(t, p.Process.Signal(terminate))
	p.logged("draining")
	require.NoError(t, p.Process.Signal(terminate))
	code, log := p.exit()
	assert.Equal(t, 1, code)
	assert.Contains(t, log, "second signal")
}

func TestWrongFlagsAreOneLineAndExitCodeTwo(t *testing.T) {
	for _, args := range [][]string{
		{"--no-such-flag"}, {"--max-frame", "much"}, {"--max-frame", "2GiB"}, {"--max-frame", "-2"}, {"--log-format", "xml"}, {"--log-level", "loud"}, {"argument"}, {"--addr"},
		{"--addr", "nowhere"}, {"--addr", "7070"}, {"--addr", "127.0.0.1:99999"}, {"--addr", "127.0.0.1:port"}, {"--addr", "::1:7070"}, {"--debug-addr", "nowhere"}, {"--debug-addr", "unix:"}, {"--debug-addr", "unix:@abstract"},
	} {
		var stdout, stderr bytes.Buffer
		assert.Equal(t, 2, Run(context.Background(), program(command), args, &stdout, &stderr), "%v", args)
		assert.Empty(t, stdout.String())
		assert.Regexp(t, `\Akv-test: [^\n]+\n\z`, stderr.String(), "%v", args)
	}
}

func TestAFailedStartIsOneLineAndExitCodeOne(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer busy.Close()
	for _, args := range [][]string{
		{"--addr", busy.Addr().String()}, {"--addr", "no.such.host.invalid:1"},
		{"--addr", "127.0.0.1:0", "--debug-addr", busy.Addr().String()},
	} {
		var stdout, stderr bytes.Buffer
		assert.Equal(t, 1, Run(context.Background(), program(command), args, &stdout, &stderr), "%v", args)
		assert.Regexp(t, `\Akv-test: [^\n]+\n\z`, stderr.String(), "%v", args)
	}
}

// A model that cannot run here has an exit code of its own, so a script can tell this
// from wrong flags and from a failed start.
func TestAModelThatIsNotAvailableSaysWhyAndExitsWithThree(t *testing.T) {
	missing := command
	missing.Flags = func(*flag.FlagSet) func(server.Config) (server.Server, error) {
		return func(cfg server.Config) (server.Server, error) {
			return server.NewCore(cfg, server.Traits{}, 1).Lifecycle(unavailableModel{}), nil
		}
	}
	var stdout, stderr bytes.Buffer
	assert.Equal(t, 3, Run(context.Background(), program(missing), []string{"--addr", "127.0.0.1:0"}, &stdout, &stderr))
	assert.Empty(t, stdout.String())
	assert.Equal(t, "kv-test: not available here: the kernel is too old\n", stderr.String(), "it never listened")
}

type unavailableModel struct{}

func (unavailableModel) Run(net.Listener) error {
	return fmt.Errorf("%w: %w", server.ErrUnavailable, errors.New("the kernel is too old"))
}

func (unavailableModel) Wake() {}

// If a full disk loses the help text, the command fails.
func TestHelpThatIsLostIsAnError(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	var stderr bytes.Buffer
	assert.Equal(t, 1, Run(t.Context(), program(command), []string{"--help"}, full, &stderr))
	assert.Equal(t, "kv-test: write /dev/full: no space left on device\n", stderr.String())
}

// The line "listening" shows the store's limit, also the default one.
func TestTheStoresLimitIsSaidAtTheStart(t *testing.T) {
	for _, test := range []struct {
		args []string
		want any
	}{
		{nil, float64(memlimit.Bytes() / 4)}, {[]string{"--store-limit", "1MiB"}, float64(1 << 20)}, {[]string{"--store-limit", "-1"}, "none"},
	} {
		p := start(t, test.args...)
		assert.Equal(t, test.want, p.logged("listening")["store_limit"])
		require.NoError(t, p.Process.Kill())
		p.exit()
	}
}

func TestHelpListsEveryFlag(t *testing.T) {
	var stdout, stderr bytes.Buffer
	assert.Zero(t, Run(context.Background(), program(command), []string{"--help"}, &stdout, &stderr))
	assert.Empty(t, stderr.String())
	for _, name := range strings.Fields("addr max-frame max-conns idle-timeout frame-timeout write-timeout output-limit memory-limit store-limit drain-timeout log-format log-level debug-addr") {
		assert.Contains(t, stdout.String(), "--"+name)
	}
}

func TestTheDebugServerTellsTheCounters(t *testing.T) {
	p := start(t, "--debug-addr", ":0")
	url := p.logged("debug server")["url"].(string)
	addr := p.logged("listening")["addr"].(string)
	assert.Contains(t, url, "127.0.0.1", "without a host, this machine only")
	c, err := kvclient.Dial(t.Context(), addr)
	require.NoError(t, err)
	require.NoError(t, c.Put(t.Context(), "k", "v"))
	defer c.Close()

	for path, want := range map[string]string{
		"stats": `"requests":1`, "vars": `"server": {"accepted":1`, "pprof/": "goroutine", "": "/debug/pprof/",
	} {
		resp, err := http.Get(url + path)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		_ = resp.Body.Close()
		assert.Equal(t, http.StatusOK, resp.StatusCode)
		assert.Contains(t, string(body), want, path)
	}
	require.NoError(t, p.Process.Kill())
	p.exit()
}

func TestErrorsNameFlagsAsTheHelpDoes(t *testing.T) {
	for line, want := range map[string]string{
		"--adr x":                 `no flag --adr`,
		"--addr":                  `--addr needs a value`,
		"--log-level loud":        `invalid value "loud" for flag --log-level: want debug, info, warn or error`,
		"--max-conns many":        `invalid value "many" for flag --max-conns: `,
		`--max-conns "-x:"`:       `invalid value "\"-x:\"" for flag --max-conns: `,
		"--flag-of-the-model=two": `invalid boolean value "two" for --flag-of-the-model: `,
	} {
		p := program(server.Command{Model: command.Model, Summary: command.Summary, Flags: func(fs *flag.FlagSet) func(server.Config) (server.Server, error) {
			fs.Bool("flag-of-the-model", false, "")
			return command.Flags(fs)
		}})
		var stdout, stderr bytes.Buffer
		assert.Equal(t, 2, Run(t.Context(), p, strings.Fields(line), &stdout, &stderr), line)
		assert.Contains(t, stderr.String(), "kv-test: "+want)
	}
}

func TestHelpHasNoSpacesAtTheEndOfALine(t *testing.T) {
	p := program(server.Command{Model: command.Model, Summary: command.Summary, Flags: func(fs *flag.FlagSet) func(server.Config) (server.Server, error) {
		fs.Bool("flag-of-the-model", false, "a flag without a value")
		return command.Flags(fs)
	}})
	var stdout, stderr bytes.Buffer
	assert.Zero(t, Run(t.Context(), p, []string{"--help"}, &stdout, &stderr), stderr.String())
	assert.NotRegexp(t, `(?m) $`, stdout.String())
	assert.Contains(t, stdout.String(), "(default info)")
}
