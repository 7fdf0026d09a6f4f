package advise

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"math"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/exchanges"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/sock"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/models"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/self"
)

// The advice has the flags without which the server would refuse or drop the
// profile's clients.
func TestAdviceIsACommand(t *testing.T) {
	p := testProfile()
	p.Connections, p.Active = 20_000, 200
	loop := constructed{model: "eventloop --loops 2", p99: time.Millisecond, cpu: flat(0.1), rss: 15}
	a := testAdvice(t, p, loop)
	a.descriptors = 1024
	require.NoError(t, a.conclude())
	require.NotNil(t, a.Setup)
	assert.Equal(t, "go run ./tools/cmd/ioflavors serve eventloop --loops 2 --max-conns 22000 --idle-timeout -1", self.Line(a.Setup.Serve))
	text := a.text(t)
	assert.Contains(t, text, self.Line(a.Setup.Serve))
	assert.Contains(t, text, "eventloop.New(eventloop.Config{Config: config, Loops: 2})")
	assert.Contains(t, text, "MaxConns: 22000,")
	assert.Contains(t, text, "refuses clients from the 10,001st on")
	assert.Contains(t, text, "closes a connection that has been silent for 1m0s, and 19,800 always are")
	assert.Contains(t, text, "ulimit -n 22032")
	assert.Contains(t, text, "Here the limit is 1,024, with which the server refuses clients from the 993rd on.")

	loop.p99 = time.Second
	assert.Nil(t, testAdvice(t, p, loop).Setup, "there is nothing to run")
}

func TestLimitsThatAProfileNeeds(t *testing.T) {
	for _, test := range []struct {
		what  string
		alter func(*Profile, *results.Target)
		flags string
	}{
		{"all clients ask often", func(p *Profile, _ *results.Target) {}, ""},
		{"as many clients as there may be", func(p *Profile, _ *results.Target) { p.Connections, p.Active, p.Rate = 9_000, 9_000, 9_000 }, ""},
		{"more of them", func(p *Profile, _ *results.Target) { p.Connections, p.Active, p.Rate = 9_100, 9_100, 9_100 }, "--max-conns 10010"},
		{"a silent one", func(p *Profile, _ *results.Target) { p.Active-- }, "--idle-timeout -1"},
		{"each asks every ten seconds", func(p *Profile, _ *results.Target) { p.Rate = float64(p.Active) / 10 }, "--idle-timeout -1"},
		{"a lone client asks once in two seconds", func(p *Profile, s *results.Target) { p.Connections, p.Active, p.Rate, s.OneAtATime = 1, 1, 0.5, true }, "--idle-timeout -1"},
		{"a lone client asks often", func(p *Profile, s *results.Target) { p.Connections, p.Active, s.OneAtATime = 1, 1, true }, ""},
		{"large values", func(p *Profile, _ *results.Target) { p.Value = 1 << 20 }, "--memory-limit 267MiB"},
	} {
		p := testProfile()
		p.Connections = p.Active
		s := results.Target{Name: "eventloop"}
		test.alter(&p, &s)
		limits, why := p.limits(s)
		flags := limitFlags(limits)
		assert.Equal(t, test.flags, strings.Join(flags, " "), test.what)
		assert.Len(t, why, len(flags)/2, "a reason for each")
		assert.Subset(t, withFlags(s, p).Command, flags, "it is measured as it is advised")
	}
}

// The advice knows the servers' defaults.
func TestDefaultLimits(t *testing.T) {
	many := server.NewCore(server.Config{}, server.Traits{}, 1).Limits
	one := server.NewCore(server.Config{}, server.Traits{OneAtATime: true}, 1).Limits
	assert.Equal(t, min(defaultConns, sock.DescriptorLimit()-descriptorReserve), many.MaxConns)
	assert.Equal(t, []time.Duration{defaultIdle, defaultIdle1}, []time.Duration{many.IdleTimeout, one.IdleTimeout})
	assert.EqualValues(t, defaultMemory, many.MemoryLimit)
}

// The program to copy compiles, for each model and with each limit.
func TestTheProgramCompiles(t *testing.T) {
	files := make(map[string]string) // of exported types, by package
	const module = "github.com/ioflavors/ioflavors/"
	list := exec.CommandContext(t.Context(), "go", "list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}", module+"common/kv", module+"common/server", module+"common/session")
	for _, s := range models.Models("ioflavors") {
		list.Args = append(list.Args, module+s.Model())
	}
	list.Stderr = os.Stderr
	out, err := list.Output()
	require.NoError(t, err)
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		files[path] = file
	}
	fset := token.NewFileSet()
	open := func(path string) (io.ReadCloser, error) { return os.Open(files[path]) }
	check := types.Config{Importer: importer.ForCompiler(fset, "gc", open)}

	large := testProfile()
	large.Connections, large.Active, large.Value, large.Handler = 20_000, 10_000, 1<<19, 20*time.Millisecond
	linked, err := models.Linked("mine {model} {addr}")
	require.NoError(t, err)
	long := large
	long.Exchanges, long.Handler = &load.Exchanges{Largest: 1 << 21, All: []exchanges.Exchange{{Request: make([]byte, 1<<21)}}}, 0
	for _, s := range append(models.Models("ioflavors"), linked...) {
		for _, p := range []Profile{{Connections: 1, Active: 1, Rate: 1000}, large, long} {
			setup, err := p.setup(s, []string{"ioflavors"}, math.MaxInt32)
			require.NoError(t, err)
			file, err := parser.ParseFile(fset, s.Name, setup.Go, parser.SkipObjectResolution)
			require.NoError(t, err, setup.Go)
			_, err = check.Check("main", fset, []*ast.File{file}, nil)
			require.NoError(t, err, setup.Go)
			protocol := "Protocol: kv.New(kv.Config{}),"
			if s.Linked {
				protocol = "Protocol: protocol,"
			}
			assert.Contains(t, setup.Go, protocol, "a server without a protocol does not start")
			for _, flag := range strings.Fields(s.Name)[1:] {
				field := strings.ReplaceAll(strings.TrimLeft(flag, "-"), "-", "")
				assert.Contains(t, strings.ToLower(setup.Go), field, "the variant's own")
			}
		}
	}
}
