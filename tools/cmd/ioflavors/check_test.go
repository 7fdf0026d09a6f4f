package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/conformance"
	"github.com/ioflavors/ioflavors/common/kvcmd"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servercmd"
	"github.com/ioflavors/ioflavors/multiblocking"
	"github.com/ioflavors/ioflavors/tools/internal/models"
)

// ioflavors runs the command in this process.
func ioflavors(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	out, outText := redirect(t, &os.Stdout)
	errs, errText := redirect(t, &os.Stderr)
	code = run(args)
	out()
	errs()
	return code, <-outText, <-errText
}

// redirect replaces f by a pipe until restore is called; then text receives
// the written bytes.
func redirect(t *testing.T, f **os.File) (restore func(), text <-chan string) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	old := *f
	*f = w
	result := make(chan string, 1)
	go func() {
		data, _ := io.ReadAll(r)
		r.Close()
		result <- string(data)
	}()
	return func() {
		*f = old
		w.Close()
	}, result
}

// startModel returns the address of a server in this process.
func startModel(t *testing.T) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	srv := multiblocking.New(multiblocking.Config{})
	served := make(chan error)
	go func() { served <- srv.Serve(ln) }()
	t.Cleanup(func() {
		require.NoError(t, srv.Close())
		require.ErrorIs(t, <-served, server.ErrServerClosed)
	})
	return ln.Addr().String()
}

// nobody returns an address at which no server listens.
func nobody(t *testing.T) string {
	addr, err := freeAddress()
	require.NoError(t, err)
	return addr
}

func TestCheck(t *testing.T) {
	code, stdout, stderr := ioflavors(t, "check", "--only", "put-get,length-too-small", startModel(t))
	assert.Zero(t, code, stderr)
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	require.Len(t, lines, 4)
	assert.Equal(t, "RULE                FAULT  WHAT A SERVER OWES", lines[0])
	assert.Regexp(t, `^pass  put-get                    a get returns`, lines[1])
	assert.Regexp(t, `^pass  length-too-small        3  a length`, lines[2])
	assert.Equal(t, "2 of 2 rules passed", lines[3])
}

// The rules can be listed without a server, in aligned columns.
func TestListRules(t *testing.T) {
	code, stdout, stderr := ioflavors(t, "check", "--list")
	assert.Zero(t, code, stderr)
	lines := strings.Split(strings.TrimRight(stdout, "\n"), "\n")
	rules := conformance.Rules()
	require.Len(t, lines, 1+len(rules))
	column := strings.Index(lines[0], "WHAT")
	for i, r := range rules {
		fault := ""
		if r.Fault != 0 {
			fault = strconv.Itoa(r.Fault)
		}
		assert.Equal(t, strings.TrimSpace(r.ID+" "+fault), strings.Join(strings.Fields(lines[i+1][:column]), " "))
		assert.Equal(t, r.Title, lines[i+1][column:])
	}

	code, stdout, stderr = ioflavors(t, "check", "--list", "--json")
	assert.Zero(t, code, stderr)
	var list []struct {
		ID, Title string
		Fault     int
	}
	require.NoError(t, json.Unmarshal([]byte(stdout), &list))
	require.Len(t, list, len(rules))
	for i, r := range rules {
		assert.Equal(t, r.ID, list[i].ID)
		assert.Equal(t, r.Title, list[i].Title)
		assert.Equal(t, r.Fault, list[i].Fault)
	}
}

// The peer does not speak the protocol: each rule fails, with its reason in
// the next line.
func TestCheckFails(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			conn.Close()
		}
	}()
	code, stdout, stderr := ioflavors(t, "check", "--only", "put-get", ln.Addr().String())
	assert.Equal(t, 1, code)
	assert.Regexp(t, `(?s)\nFAIL  put-get .*\n      .*expected .*got .*\n0 of 1 rules passed\n$`, stdout)
	assert.Empty(t, stderr)
}

func TestCheckAsJSON(t *testing.T) {
	code, stdout, stderr := ioflavors(t, "check", "--json", "--only", "put-get", startModel(t))
	assert.Zero(t, code, stderr)
	var report struct {
		Passed, Total int
		Results       []struct {
			ID     string
			Passed bool
		}
		NotRun []string `json:"not_run"`
	}
	require.NoError(t, json.Unmarshal([]byte(stdout), &report), stdout)
	assert.Equal(t, 1, report.Passed)
	assert.Equal(t, 1, report.Total)
	require.Len(t, report.Results, 1)
	assert.Equal(t, "put-get", report.Results[0].ID)
	assert.NotEmpty(t, report.NotRun)
}

func TestCheckNothing(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		code int
		want string
	}{
		"nobody listens":     {[]string{nobody(t)}, 1, "no server listens at 127.0.0.1:"},
		"no address":         {[]string{"localhost"}, 2, `"localhost" is no address (host:port)`},
		"command without it": {[]string{"--", "my-server", "-v"}, 2, "does not say where to listen ({addr})"},
		"nothing":            {nil, 2, "expected"},
		"no such rule":       {[]string{"--only", "put-gt", "127.0.0.1:1"}, 2, `no rule "put-gt": there are golden-frames, put-get,`},
		"small frames":       {[]string{"--max-frame", "100", "127.0.0.1:1"}, 2, "--max-frame 100: want 200 to 268,435,456"},
		"no such command":    {[]string{"--", "/no/such/server", "{addr}"}, 1, "no such file"},
		"command that fails": {childCommand("fail", "{addr}"), 1, "the server has ended: exit status 4; its last words: cannot bind"},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := ioflavors(t, append([]string{"check"}, test.args...)...)
			assert.Equal(t, test.code, code)
			assert.Contains(t, stderr, test.want)
			assert.Equal(t, 1, strings.Count(stderr, "\n"), "one line: %s", stderr)
			assert.Empty(t, stdout)
		})
	}
}

func TestCheckCommand(t *testing.T) {
	file := t.TempDir() + "/addr"
	t.Setenv("CHILD_ADDR_FILE", file)
	code, stdout, stderr := ioflavors(t, append([]string{"check", "--only", "put-get"}, childCommand("serve", "{addr}")...)...)
	assert.Zero(t, code, stderr)
	assert.Contains(t, stdout, "1 of 1 rules passed")

	addr, err := os.ReadFile(file)
	require.NoError(t, err)
	_, err = net.Dial("tcp", string(addr))
	require.Error(t, err, "the server should have ended")

	// The address can stand before the command, for a server that chooses its
	// own.
	addr = []byte(nobody(t))
	args := append([]string{"check", "--only", "put-get", string(addr)}, childCommand("serve", string(addr))...)
	code, stdout, stderr = ioflavors(t, args...)
	assert.Zero(t, code, stderr)
	assert.Contains(t, stdout, "1 of 1 rules passed")
}

// childCommand runs this test's program again, as TestChild.
func childCommand(what, addr string) []string {
	return []string{"--", os.Args[0], "-test.run=^TestChild$", what, addr}
}

// TestChild is the server of other tests, in a process of its own.
func TestChild(t *testing.T) {
	switch flag.Arg(0) {
	case "serve":
		if name := os.Getenv("CHILD_ADDR_FILE"); name != "" {
			require.NoError(t, os.WriteFile(name, []byte(flag.Arg(1)), 0o600))
		}
		t.Log(multiblocking.New(multiblocking.Config{}).ListenAndServe(flag.Arg(1)))
	case "serve until a signal":
		os.Exit(servercmd.Run(context.Background(), kvcmd.Program("kv-child", multiblocking.Command, nil), []string{"--addr", flag.Arg(1)}, os.Stdout, os.Stderr))
	case "fail":
		_, _ = io.WriteString(os.Stderr, "starting\ncannot bind\n")
		os.Exit(4)
	case "absent": // listens, and then finds out
		os.Exit(servercmd.Run(context.Background(), kvcmd.Program("kv-absent", absent, nil), []string{"--addr", flag.Arg(1)}, os.Stdout, os.Stderr))
	case "absent at once":
		_, _ = io.WriteString(os.Stderr, "no ring in this house\n")
		os.Exit(servercmd.ExitUnavailable)
	}
}

// absent is a model that no system can run.
var absent = server.Command{
	Model:   "absent",
	Summary: "There is no such thing.",
	Flags: func(*flag.FlagSet) func(server.Config) (server.Server, error) {
		return func(cfg server.Config) (server.Server, error) {
			return server.NewCore(cfg, server.Traits{}, 1).Lifecycle(absentModel{}), nil
		}
	},
}

type absentModel struct{}

func (absentModel) Run(net.Listener) error {
	return fmt.Errorf("%w: %s", server.ErrUnavailable, "the moon is not full")
}

func (absentModel) Wake() {}

// A server that cannot run here gets no verdict.
func TestCheckWhatIsNotAvailable(t *testing.T) {
	for what, want := range map[string]string{
		"absent":         "ioflavors: the server is not available here: the moon is not full\n",
		"absent at once": "ioflavors: the server is not available here: no ring in this house\n",
	} {
		code, stdout, stderr := ioflavors(t, append([]string{"check"}, childCommand(what, "{addr}")...)...)
		assert.Equal(t, servercmd.ExitUnavailable, code, what)
		assert.Empty(t, stdout)
		assert.Equal(t, want, stderr)
	}
}

func TestServeWhatIsNotAvailable(t *testing.T) {
	var stderr strings.Builder
	assert.Equal(t, servercmd.ExitUnavailable, serve(t.Context(), absent, []string{"--addr", "127.0.0.1:0"}, &stderr))
	assert.Equal(t, "ioflavors serve absent: not available here: the moon is not full\n", stderr.String())
}

// serve says why this system cannot run a model, as the model's Available does.
func TestServeSaysWhatIsMissing(t *testing.T) {
	for _, c := range models.Commands() {
		if c.Available == nil || c.Available() == nil {
			continue
		}
		code, _, stderr := ioflavors(t, "serve", c.Model, "--addr", "127.0.0.1:0")
		assert.Equal(t, servercmd.ExitUnavailable, code, c.Model)
		assert.Equal(t, "ioflavors serve "+c.Model+": "+c.Available().Error()+"\n", stderr)
	}
}

func TestFill(t *testing.T) {
	assert.Equal(t, []string{"server", "--at=127.0.0.1:80", "80"}, fill([]string{"server", "--at={addr}", "{port}"}, "127.0.0.1:80"))
	assert.Equal(t, []string{"server", "8080"}, fill([]string{"server", "{port}"}, "[::1]:8080"))
	assert.Nil(t, fill(nil, "127.0.0.1:80"))
}

// A check that could not judge every rule has not passed, and blames no
// server.
func TestCheckOutcomes(t *testing.T) {
	pass, fail := conformance.Result{}, conformance.Result{Reason: "no"}
	open := conformance.Result{Reason: "the machine was busy", NotJudged: true}
	for _, test := range []struct {
		interrupted bool
		results     []conformance.Result
		code        int
	}{
		{false, []conformance.Result{pass, pass}, 0},
		{false, []conformance.Result{pass, open}, exitNotJudged},
		{false, []conformance.Result{open, fail}, 1},
		{true, []conformance.Result{pass, open}, 130},
		{true, []conformance.Result{fail, open}, 130},
	} {
		code := 0
		var exit *exitError
		if errors.As(outcome(test.interrupted, conformance.Report{Results: test.results}), &exit) {
			code = exit.code
		}
		assert.Equal(t, test.code, code, test.results)
	}
	assert.EqualError(t, outcome(false, conformance.Report{Results: []conformance.Result{open}}), "1 of 1 rules were not judged: check again when this machine is less busy")

	var out bytes.Buffer
	printResult(&out, conformance.Result{Rule: conformance.Rules()[0], Reason: "the machine was busy", NotJudged: true})
	assert.Regexp(t, `^–     golden-frames .*\n      not judged: the machine was busy\n$`, out.String())
}
