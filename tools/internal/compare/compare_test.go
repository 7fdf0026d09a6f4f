package compare

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/text"
)

// A hundred pairs of equal runs, with rounds as far apart as on a noisy machine, hardly
// ever differ.
func TestEqualRunsDoNotDiffer(t *testing.T) {
	const pairs = 100
	for _, spread := range []float64{0.03, 0.1} {
		alarms := 0
		for i := range uint64(pairs) {
			a := made{seed: 2 * i, spread: spread, other: i%2 == 0}.results(t)
			b := made{seed: 2*i + 1, spread: spread, machine: 0.3, drift: 0.2}.results(t)
			if _, changed := compared(t, a, b); len(changed) > 0 {
				alarms++
			}
		}
		assert.LessOrEqual(t, alarms, pairs*2/100, "rounds ±%v", spread)
	}
}

// A server that takes 10 % more CPU time is found, and no other one is blamed, whether or
// not the machine itself became slower.
func TestTenPercentAreFound(t *testing.T) {
	const pairs = 40
	for _, machine := range []float64{0, 0.4} {
		found, blamed := 0, 0
		for i := range uint64(pairs) {
			a := made{seed: 2 * i, spread: 0.02}.results(t)
			b := made{seed: 2*i + 1, spread: 0.02, machine: machine, drift: 0.3, slower: map[string]float64{"iouring": 0.1}, other: true}.results(t)
			_, changed := compared(t, a, b)
			some := false
			for _, f := range changed {
				if f.Server == "iouring" && f.Kind == CPU && f.Verdict == Worse {
					some = true
					assert.InDelta(t, 0.1, *f.Change, 0.08)
				}
				if f.Server != "iouring" {
					blamed++
				}
			}
			if some {
				found++
			}
		}
		assert.GreaterOrEqual(t, found, pairs*95/100, "with a machine slower by %v", machine)
		assert.LessOrEqual(t, blamed, pairs*3/100)
	}
}

// What is common to all servers is the machine's, unless changes are absolute or too few
// servers tell.
func TestTheMachinesShift(t *testing.T) {
	a, b := made{seed: 1, spread: 0.01}.results(t), made{seed: 2, spread: 0.01, machine: 0.2, other: true}.results(t)
	c, changed := compared(t, a, b)
	assert.Empty(t, changed)
	require.Len(t, c.Shifts, 3+2+2, "for each workload, and each of p50 and p99")
	for _, s := range c.Shifts {
		assert.InDelta(t, 0.2, s.Change, 0.02)
		assert.Equal(t, 5, s.Servers)
		assert.False(t, s.Same)
	}
	c, err := Compare(a, b, Options{FileA: "a", FileB: "b", Absolute: true})
	require.NoError(t, err)
	for _, f := range c.Figures {
		if f.Kind != P99 { // 20 % is its tolerance
			assert.Equal(t, Worse, f.Verdict, f.Name())
		}
	}
	assert.NotEmpty(t, c.Shifts)

	two := []string{"eventloop", "multiblocking"}
	c, changed = compared(t, made{seed: 1, spread: 0.01, names: two}.results(t), made{seed: 2, spread: 0.01, names: two, machine: 0.2, other: true}.results(t))
	assert.Empty(t, c.Shifts)
	assert.NotEmpty(t, changed, "one of two servers that changed would make the shift")
}

// A server that is the same program in both runs tells the machine's shift, so that a
// change of all others shows.
func TestTheSameProgramTellsTheShift(t *testing.T) {
	slower := map[string]float64{}
	for _, name := range []string{"multiblocking", "busywait", "iouring", "singleblocking"} {
		slower[name] = 0.1
	}
	a, b := made{seed: 1, spread: 0.01}.results(t), made{seed: 2, spread: 0.01, machine: 0.2, slower: slower, other: true}.results(t)
	b.Server("eventloop").Binary = a.Server("eventloop").Binary
	c, _ := compared(t, a, b)
	for name := range slower {
		for _, under := range []string{"1 conn", "50 conns", "50 × 16"} {
			f := c.figure(t, name, CPU, under)
			assert.Equal(t, Worse, f.Verdict, name)
			assert.InDelta(t, 0.1, *f.Change, 0.03)
		}
	}
	assert.True(t, c.Shifts[0].Same)
	assert.Equal(t, 1, c.Shifts[0].Servers)

	// The same file with other flags is another program.
	b.Server("eventloop").Command = []string{"ioflavors", "serve", "eventloop", "--loops", "2"}
	c, _ = compared(t, a, b)
	assert.False(t, c.Shifts[0].Same)
}

// A change no larger than the A/A difference of either run is noise.
func TestTheAARunsAreNoise(t *testing.T) {
	for _, which := range []int{0, 1} {
		runs := []*results.Results{made{seed: 1, spread: 0.01}.results(t), made{seed: 2, spread: 0.01, slower: map[string]float64{"iouring": 0.1}}.results(t)}
		c, _ := compared(t, runs[0], runs[1])
		assert.Equal(t, Worse, c.figure(t, "iouring", CPU, "50 conns").Verdict)
		for i := range runs[which].Noise {
			runs[which].Noise[i].CPU = 0.2
		}
		c, _ = compared(t, runs[0], runs[1])
		f := c.figure(t, "iouring", CPU, "50 conns")
		assert.Equal(t, Equal, f.Verdict)
		assert.GreaterOrEqual(t, f.Noise, 0.2)
	}
}

// One wild round makes no difference, and hides none that all other rounds show clearly
// enough.
func TestAWildRound(t *testing.T) {
	a, b := made{seed: 1, spread: 0.01}.results(t), made{seed: 2, spread: 0.01}.results(t)
	for i, c := range b.Runs {
		if c.Server == "iouring" && c.Round == 3 {
			b.Runs[i].Resources.CPU *= 5
		}
	}
	_, changed := compared(t, a, b)
	assert.Empty(t, changed)
}

// Void and disturbed cells do not count. What is left may be too little to judge.
func TestCellsThatDoNotCount(t *testing.T) {
	share := 0.5
	for name, spoil := range map[string]func(*results.Cell){
		"void":     func(c *results.Cell) { c.Load.Void = []string{"the generator was late"} },
		"stolen":   func(c *results.Cell) { c.Steal = &share },
		"no CPU":   func(c *results.Cell) { c.Resources = nil },
		"nothing":  func(c *results.Cell) { c.Load.Requests = 0 },
		"no time":  func(c *results.Cell) { c.Resources.CPU = 0 },
		"negative": func(c *results.Cell) { c.Resources.CPU = -1 },
	} {
		a, b := made{seed: 1, spread: 0.01}.results(t), made{seed: 2, spread: 0.01}.results(t)
		for i := range b.Runs {
			if b.Runs[i].Server == "iouring" && (b.Runs[i].Round > 3 || b.Runs[i].Workload == 2) {
				spoil(&b.Runs[i])
			}
		}
		c, changed := compared(t, a, b)
		assert.Empty(t, changed, name)
		f := c.figure(t, "iouring", CPU, "50 conns")
		assert.Equal(t, Unsure, f.Verdict, name)
		assert.Equal(t, "6 of the rounds of a and 3 of b count, and 4 of each are needed", f.Why)
		assert.Nil(t, f.Change)
		assert.Equal(t, "6 of the rounds of a and 0 of b count, and 4 of each are needed", c.figure(t, "iouring", CPU, "50 × 16").Why)
		assert.Equal(t, Equal, c.figure(t, "eventloop", CPU, "50 conns").Verdict)
	}
	one := made{seed: 1, rounds: 1}.results(t)
	c, _ := compared(t, one, one)
	assert.Zero(t, c.Judged())
	assert.Contains(t, written(t, c, false), "35 figures are not judged")
}

// Figures without rounds have a tolerance. A larger change, in the better or the worse
// direction, counts.
func TestFiguresThatAreMeasuredOnce(t *testing.T) {
	type change struct {
		k    Kind
		a, b float64
		want Verdict
	}
	for _, c := range []change{
		{Syscalls, 2, 2.15, Equal}, {Syscalls, 2, 2.5, Worse}, {Syscalls, 2, 1, Better}, {Syscalls, 0.01, 0.05, Equal}, {Syscalls, 0, 1, Worse},
		{Memory, 4, 4.3, Equal}, {Memory, 4, 5, Worse}, {Memory, 5, 4, Better}, {Memory, 0.1, 0.4, Equal},
		{IdleCPU, 0, 1, Equal}, {IdleCPU, 0, 100, Worse}, {IdleCPU, 100, 95, Equal}, {IdleCPU, 100, 0, Better},
		{Wait, 0.001, 0.015, Equal}, {Wait, 0.001, 0.5, Worse}, {Wait, 0.5, 0.9, Equal}, {Wait, 0.5, 0.3, Equal}, {Wait, 0.5, 0.001, Better},
		{SlowBeside, 0.2, 1, Equal}, {SlowBeside, 0.2, 10, Worse},
		{Capacity, 1000, 1200, Equal}, {Capacity, 1000, 1300, Better}, {Capacity, 1000, 850, Equal}, {Capacity, 1000, 700, Worse}, {Memory, -1, 5, Worse},
	} {
		f := tolerate("x", c.k, "", c.a, c.b)
		assert.Equal(t, c.want, f.Verdict, "%v", c)
		if c.a > 0 {
			assert.InDelta(t, c.b/c.a-1, *f.Change, 1e-9)
		} else {
			assert.Nil(t, f.Change)
		}
	}
}

// once has the figures that are not measured in rounds.
func once(t *testing.T) *results.Results {
	r := made{seed: 1, names: []string{"eventloop"}}.results(t)
	r.Runs, r.Open, r.Again, r.Noise = nil, nil, nil, nil
	cores := func(share float64) *results.Resources {
		return &results.Resources{Window: time.Second, Cores: 1, CPU: format.Seconds(share), RSS: 10 << 20}
	}
	r.Plan.IdleConnections = []int{0, 100}
	r.Idle = []results.IdleCell{
		{Server: "eventloop", Resources: cores(0)},
		{Server: "eventloop", Connections: 100, Wanted: 100, Resources: cores(0.5)},
	}
	r.Idle[1].Resources.RSS += 400 << 10
	r.Syscalls = []results.SyscallCell{{Server: "eventloop", Method: "perf", Requests: 100, Calls: map[string]int64{"read": 100, "write": 100}}}
	r.Capacity = []results.Capacity{{Server: "eventloop", Rate: 50_000}}
	for id, number := range map[string]float64{"E2": 0.001, "E10": 0.3} {
		r.Claims = append(r.Claims, results.Claim{Experiment: id, Findings: []results.Finding{{
			Experiment: id, Server: "eventloop", Verdict: results.Refuted, Number: number, Low: number / 2, High: number * 2,
		}}})
	}
	return r
}

func TestAllKindsAreCompared(t *testing.T) {
	a, b := once(t), once(t)
	c, changed := compared(t, a, b)
	assert.Empty(t, changed)
	want := map[Kind]float64{Syscalls: 2, Memory: 4, IdleCPU: 50, Wait: 0.001, SlowBeside: 0.3, Capacity: 50_000}
	assert.Len(t, c.Figures, len(want))
	for _, f := range c.Figures {
		assert.InDelta(t, want[f.Kind], f.A, 1e-9, f.Kind)
		assert.InDelta(t, want[f.Kind], f.B, 1e-9, f.Kind)
	}

	b.Idle[1].Resources.CPU, b.Idle[1].Resources.RSS = 0, 11<<20
	b.Syscalls[0].Calls["read"] = 300
	b.Capacity[0].Rate = 10_000
	for i := range b.Claims {
		f := &b.Claims[i].Findings[0]
		f.Number, f.Low, f.High = 100*f.Number, 90*f.Number, 110*f.Number
	}
	c, _ = compared(t, a, b)
	got := map[Kind]Verdict{}
	for _, f := range c.Figures {
		got[f.Kind] = f.Verdict
	}
	assert.Equal(t, map[Kind]Verdict{Syscalls: Worse, Memory: Worse, IdleCPU: Better, Wait: Worse, SlowBeside: Worse, Capacity: Worse}, got)
	assert.Len(t, c.Worse(1), 3, "E2, E10 and the memory are more than twice as much")

	// Repeats that overlap are no difference. Neither is a figure that is not known.
	for i := range b.Claims {
		b.Claims[i].Findings[0].Low = 0
	}
	b.Capacity[0].LowerBound = true
	b.Idle = nil
	c, changed = compared(t, a, b)
	assert.Len(t, changed, 1, "the system calls")
	assert.Len(t, c.Figures, 3)
}

// What cannot be compared is said, and not guessed.
func TestWhatCannotBeCompared(t *testing.T) {
	plain := func() *results.Results { return made{seed: 1, spread: 0.01}.results(t) }
	whole := func() *results.Results {
		r := once(t)
		r.Runs, r.Open = made{seed: 1, names: []string{"eventloop"}}.results(t).Runs, made{seed: 1, names: []string{"eventloop"}}.results(t).Open
		return r
	}
	for name, test := range map[string]struct {
		change func(b *results.Results)
		said   string
		gone   Kind
		run    func() *results.Results
	}{
		"machine":   {func(b *results.Results) { b.Environment.CPU = "Xeon" }, "processor (AMD EPYC in a, Xeon in b)", IdleCPU, whole},
		"cores":     {func(b *results.Results) { b.Environment.Cores = 64 }, "cores (2 in a, 64 in b)", CPU, whole},
		"cell":      {func(b *results.Results) { b.Plan.Cell = time.Second }, "a cell took 125ms after 50ms in a, and 1s after 50ms in b", CPU, plain},
		"open cell": {func(b *results.Results) { b.Plan.OpenCell = time.Second }, "the open loop: a cell took", P99, plain},
		"protocol":  {func(b *results.Results) { b.Plan.Workloads = results.Workloads(load.Workload{Protocol: load.RESP}) }, "50 conns: the workload of resp", CPU, plain},
		"speaks":    {func(b *results.Results) { b.Servers[0].Protocol = load.RESP }, "eventloop: it speaks this project's protocol in a, and resp in b", "", plain},
		"method":    {func(b *results.Results) { b.Syscalls[0].Method = "strace" }, "perf counted them in a, and strace in b", Syscalls, whole},
		"SLO":       {func(b *results.Results) { b.Plan.SLO = time.Second }, "p99 is at most 0s in a, and 1s in b", Capacity, whole},
		"attacks":   {func(b *results.Results) { b.Plan.AllClaims = true }, "one run has the short experiment", Wait, whole},
		"parts":     {func(b *results.Results) { b.Plan.Parts = b.Plan.Parts[:1]; b.Open = nil }, "the part open: it is in one of the plans only", P50, plain},
		"available": {func(b *results.Results) { b.Servers[0].Unavailable = "no io_uring" }, "eventloop: a system can run it, and the other one cannot: no io_uring", "", plain},
	} {
		a, b := test.run(), test.run()
		test.change(b)
		c, changed := compared(t, a, b)
		assert.Empty(t, changed, name)
		assert.Contains(t, strings.Join(c.NotCompared, "\n"), test.said, name)
		for _, f := range c.Figures {
			assert.NotEqual(t, test.gone, f.Kind, name)
		}
	}

	_, err := Compare(plain(), made{seed: 1, names: []string{"other"}}.results(t), Options{FileA: "a", FileB: "b"})
	assert.ErrorContains(t, err, "a has the servers eventloop, multiblocking, busywait, iouring, singleblocking, b has other")
	_, err = Compare(&results.Results{}, &results.Results{}, Options{FileA: "a", FileB: "b"})
	assert.Error(t, err)
}

// A workload is the same if its requests are, at any place in the plan.
func TestWorkloadsAreMatched(t *testing.T) {
	a, b := made{seed: 1, spread: 0.01}.results(t), made{seed: 2, spread: 0.01}.results(t)
	w := b.Plan.Workloads
	w[0], w[2] = w[2], w[0]
	for i := range b.Runs {
		b.Runs[i].Workload = 2 - b.Runs[i].Workload
	}
	for i := range b.Again {
		b.Again[i].Workload = 2 - b.Again[i].Workload
	}
	require.NoError(t, b.Summarize())
	c, changed := compared(t, a, b)
	assert.Empty(t, changed)
	assert.InDelta(t, 100, c.figure(t, "iouring", CPU, "50 × 16").B, 10)
}

// A server that breaks in B is worse than any figure.
func TestServersThatBreak(t *testing.T) {
	a, b := made{seed: 1, spread: 0.01}.results(t), made{seed: 2, spread: 0.01}.results(t)
	b.Server("iouring").DNF = "fails 1 of 50 rules"
	b.OpenSummary[0].Errors = 1
	c, _ := compared(t, a, b)
	assert.Equal(t, []Broken{{"eventloop", "errors under load"}, {"iouring", "fails 1 of 50 rules"}}, c.Broken)
	assert.Contains(t, written(t, c, false), "iouring finished in a, but not in b: fails 1 of 50 rules.")
	c, _ = compared(t, b, a)
	assert.Empty(t, c.Broken)
}

func written(t *testing.T, c *Comparison, all bool) string {
	t.Helper()
	var out strings.Builder
	require.NoError(t, c.Report(&out, text.Style{}, 120, all))
	return out.String()
}

func TestReport(t *testing.T) {
	a, b := made{seed: 1, spread: 0.01}.results(t), made{seed: 2, spread: 0.01, slower: map[string]float64{"iouring": 0.3}, other: true}.results(t)
	b.Servers = append(b.Servers, &results.Server{Target: results.Target{Name: "mine"}})
	b.Complete = false
	c, _ := compared(t, a, b)
	out := written(t, c, false)
	assert.True(t, strings.HasPrefix(out, "b is INTERRUPTED: "), out)
	assert.Regexp(t, `(?m)^iouring +CPU a request, 50 conns +1.0\d µs +1.3\d µs +\+[23]\d\.\d % +±\d+ % +worse$`, out)
	assert.NotContains(t, out, "singleblocking")
	assert.Contains(t, out, "7 figures are worse; 28 figures are equal within the noise (CPU ±")
	assert.Contains(t, out, "Only in b: mine.")
	assert.Contains(t, out, "--absolute shows it")
	assert.Regexp(t, `(?m)^singleblocking +p99, 5,000/s .* equal$`, written(t, c, true))

	same, _ := compared(t, a, a)
	out = written(t, same, false)
	assert.Contains(t, out, "All servers are the same programs in both runs.")
	assert.NotContains(t, out, "MODEL")
}

func TestJSONHasNoStrangeNumbers(t *testing.T) {
	a, b := made{seed: 1}.results(t), made{seed: 2, rounds: 4}.results(t)
	for _, r := range []*results.Results{a, b} {
		for i := range r.Runs {
			r.Runs[i].Resources.CPU = 1 // all equal, so that there is no test
		}
	}
	b.Runs[0].Resources.CPU = math.MaxInt32
	c, _ := compared(t, a, b)
	text, err := json.Marshal(c)
	require.NoError(t, err)
	var again Comparison
	require.NoError(t, json.Unmarshal(text, &again))
	assert.Equal(t, c.Figures, again.Figures)
}

// Two servers of one run are compared by its rounds, in which they took turns.
func TestTwoServersOfOneRun(t *testing.T) {
	names := []string{"base", "head", "eventloop"}
	run := func() *results.Results {
		return made{seed: 1, spread: 0.02, drift: 0.5, names: names, slower: map[string]float64{"head": 0.1}}.results(t)
	}
	o := Options{OneRun: true, Pairs: []Pair{{"base", "head"}}}
	c, err := Compare(run(), run(), o)
	require.NoError(t, err)
	assert.Len(t, c.Figures, 3+2*2, "of base alone")
	assert.Empty(t, c.Shifts)
	assert.Empty(t, c.OnlyA)
	f := c.figure(t, "base", CPU, "50 conns")
	assert.Equal(t, Worse, f.Verdict)
	assert.InDelta(t, 0.1, *f.Change, 0.05)
	assert.Contains(t, written(t, c, false), "the same run")

	// Of two runs, the other servers are compared as well.
	o.OneRun = false
	c, err = Compare(run(), run(), o)
	require.NoError(t, err)
	assert.Len(t, c.Figures, 2*(3+2*2))
	assert.Equal(t, []string{"head"}, c.OnlyA)

	o.Pairs = []Pair{{"base", "head"}, {"eventloop", "head"}}
	_, err = Compare(run(), run(), o)
	assert.ErrorContains(t, err, "in two pairs")
	for _, p := range []Pair{{"base", "none"}, {"none", "head"}} {
		o.Pairs = []Pair{p}
		_, err = Compare(run(), run(), o)
		assert.ErrorContains(t, err, `no server "none"`)
	}
}

// Rounds that are wildly apart make the noise large, not unknown.
func TestNoiseWithoutBound(t *testing.T) {
	assert.GreaterOrEqual(t, detectable([]float64{0, 50, 0, 50, 0}, []float64{0, 1, 2, 3, 4}, 1e-4), 16.0)
	assert.Zero(t, detectable([]float64{1, 1, 1, 1}, []float64{2, 2, 2, 2}, 1e-4))
}

// docs/compare.md has the tolerance of each kind.
func TestThePageHasTheTolerances(t *testing.T) {
	page, err := os.ReadFile("../../../docs/compare.md")
	require.NoError(t, err)
	for k, spec := range kinds {
		row := fmt.Sprintf("| %s | up to %.0f %%", spec.name, 100*spec.least)
		if spec.floor > 0 {
			row += ", or " + strings.TrimSpace(fmt.Sprintf("%g %s", spec.floor, spec.unit))
		}
		if k == Wait || k == SlowBeside {
			row += ", or if the repeats overlap"
		}
		row += " | " + map[bool]string{true: "more", false: "less"}[spec.more] + " |"
		assert.Contains(t, string(page), row+"\n")
	}
	assert.Equal(t, len(kinds), strings.Count(string(page), "| up to "))
}
