package advise

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/models"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/text"
)

func testProfile() Profile {
	return Profile{Connections: 1000, Active: 100, Rate: 2000, Arrivals: load.Poisson, Puts: 0.1, Value: 64, P99: 5 * time.Millisecond, Cores: 1}
}

// constructed are a model's repeats: each with that p99, and a share of a core.
type constructed struct {
	model string
	p99   time.Duration
	cpu   []float64 // by repeat
	rss   float64   // MiB
	each  float64   // KiB per silent connection
	idle  float64
	alter func(*Sample)
}

func (c constructed) samples(p Profile) (all []Sample) {
	silent := p.Connections - p.Active
	for i, cpu := range c.cpu {
		idle := c.idle
		s := Sample{Model: c.model, Repeat: i + 1, Silent: silent, Base: 10 << 20, Held: 10<<20 + int64(c.each*1024)*int64(silent), Idle: &idle}
		requests := int64(p.Rate)
		s.Load = load.Result{Workload: p.workload(), Seconds: 1, Offered: requests, Requests: requests, Rate: p.Rate}
		s.Load.Response = load.Times{Count: requests, P50: c.p99 / 2, P99: c.p99, Max: 2 * c.p99, Mean: float64(c.p99 / 2)}
		s.Load.InFlight = s.Load.Rate * s.Load.Response.Mean / 1e9
		s.Resources = &results.Resources{Window: time.Second, CPU: format.Seconds(cpu), RSS: int64(c.rss * (1 << 20)), Threads: 5, Voluntary: requests}
		if c.alter != nil {
			c.alter(&s)
		}
		all = append(all, s)
	}
	return all
}

// A model that is not for every system has to be better by more than the noise. The
// advice then says what the model needs.
func TestAdviceForIOUring(t *testing.T) {
	p := testProfile()
	loop := constructed{model: "eventloop", p99: time.Millisecond, cpu: flat(0.2), rss: 15}
	ring := constructed{model: "iouring", p99: time.Millisecond, cpu: flat(0.195), rss: 15}
	a := testAdvice(t, p, ring, loop)
	assert.Equal(t, "eventloop", a.Recommended, "it is the simpler one")
	assert.Empty(t, a.Needs)
	assert.Contains(t, a.text(t), "Runner-up: iouring")
	assert.Contains(t, a.text(t), "Linux 6.1 or later", "a user who takes the runner-up must know it, too")

	ring.cpu = flat(0.1)
	a = testAdvice(t, p, ring, loop)
	assert.Equal(t, "iouring", a.Recommended)
	assert.Contains(t, a.Needs, "permission")
	assert.Contains(t, a.text(t), "Linux 6.1 or later")

	p.Handler, p.Rate = 2*time.Millisecond, 1000
	ring.p99 = 4 * time.Millisecond
	a = testAdvice(t, p, ring)
	assert.True(t, a.option("iouring").Foreseen, "one handler at a time is not enough for two")
}

func testAdvice(t *testing.T, p Profile, all ...constructed) *Advice {
	t.Helper()
	a := &Advice{Profile: p, Measured: p, Complete: true, Repeats: 3, Duration: time.Second, Command: []string{"go", "run", "./tools/cmd/ioflavors", "advise"}, descriptors: 1 << 20}
	for _, c := range all {
		s := results.Target{Name: c.model}
		for _, m := range models.Models("ioflavors") {
			if m.Name == c.model {
				s.OneAtATime = m.OneAtATime
			}
		}
		a.targets = append(a.targets, s)
		a.Samples = append(a.Samples, c.samples(p)...)
	}
	require.NoError(t, a.conclude())
	return a
}

func (a *Advice) option(model string) Option {
	for _, o := range a.Options {
		if o.Model == model {
			return o
		}
	}
	return Option{}
}

func (a *Advice) changeTexts() string {
	var all []string
	for _, c := range a.Changes {
		all = append(all, c.Text)
	}
	return strings.Join(all, "\n")
}

func (a *Advice) text(t *testing.T) string {
	t.Helper()
	var out strings.Builder
	require.NoError(t, a.Report(&out, text.Style{}, 80))
	return strings.Join(strings.Fields(out.String()), " ")
}

func flat(cpu float64) []float64 { return []float64{cpu, cpu, cpu} }

func TestAdviceByCPU(t *testing.T) {
	a := testAdvice(t, testProfile(),
		constructed{model: "multiblocking", p99: time.Millisecond, cpu: flat(0.20), rss: 20, each: 8},
		constructed{model: "eventloop", p99: time.Millisecond, cpu: flat(0.10), rss: 40, each: 1},
	)
	assert.Equal(t, "eventloop", a.Recommended)
	assert.Equal(t, "multiblocking", a.RunnerUp)
	assert.Contains(t, a.Sentence, "Take eventloop: p99 1.00ms where 5ms is allowed, for 10.0 % of a core")
	assert.Contains(t, a.Because, "CPU time decides: 10.0 % and 20.0 % of a core")
	// A tenth of the rate makes a difference of 1 % of a core; memory decides then.
	assert.Contains(t, a.changeTexts(), "Below about 200 requests/s the CPU time is the same within 1.0 % of a core, and memory decides, for multiblocking.")
	// 0.1 core for 2,000/s: 0.9 of one are used up by nine times as many.
	assert.Contains(t, a.changeTexts(), "From about 18,000 requests/s on, eventloop would not do")
}

// The machine's speed changes between repeats. A model that is cheaper in each repeat
// is cheaper; one that is cheaper in some is not.
func TestAdviceComparesWithinRepeats(t *testing.T) {
	p := testProfile()
	a := testAdvice(t, p,
		constructed{model: "multiblocking", p99: time.Millisecond, cpu: []float64{0.20, 0.40, 0.25}, rss: 20},
		constructed{model: "eventloop", p99: time.Millisecond, cpu: []float64{0.15, 0.30, 0.19}, rss: 20},
	)
	assert.Equal(t, "eventloop", a.Recommended)
	a = testAdvice(t, p,
		constructed{model: "multiblocking", p99: time.Millisecond, cpu: []float64{0.20, 0.20, 0.20}, rss: 20},
		constructed{model: "eventloop", p99: time.Millisecond, cpu: []float64{0.15, 0.15, 0.21}, rss: 20},
	)
	assert.Equal(t, "multiblocking", a.Recommended, "the noise is larger")
	assert.Contains(t, a.Because, "they are equal within the noise")
	assert.Contains(t, a.Because, "multiblocking is the simpler one")
}

func TestExceptions(t *testing.T) {
	for n, want := range map[int]int{2: 0, 3: 0, 5: 0, 7: 0, 8: 1, 11: 2, 12: 2, 20: 5} {
		assert.Equal(t, want, exceptions(n), n)
	}
}

// Two models with samples of different repeats are compared by the repeats that both
// have: the machine may have been slower in the others.
func TestAdviceComparesTheSameRepeats(t *testing.T) {
	first := func(s *Sample) {
		if s.Repeat > 2 {
			s.Load.Void, s.Load.InFlight = []string{"Little's law fails"}, 1e6
		}
	}
	a := testAdvice(t, testProfile(),
		constructed{model: "multiblocking", p99: time.Millisecond, cpu: []float64{0.10, 0.20, 0.60}, rss: 50},
		constructed{model: "eventloop", p99: time.Millisecond, cpu: []float64{0.11, 0.19, 0.60}, rss: 20, alter: first},
	)
	assert.Equal(t, "eventloop", a.Recommended)
	assert.Contains(t, a.Because, "memory decides: 20.0 and 50.0 MiB. The CPU time is equal within the noise: 15.0 % and 15.0 % of a core.")
}

func TestAdviceByMemoryWithItsCrossover(t *testing.T) {
	p := testProfile()
	p.Connections, p.Active = 10_100, 100
	a := testAdvice(t, p,
		constructed{model: "multiblocking", p99: time.Millisecond, cpu: flat(0.10), rss: 110, each: 10},
		constructed{model: "eventloop", p99: time.Millisecond, cpu: flat(0.101), rss: 30, each: 1},
	)
	assert.Equal(t, "eventloop", a.Recommended)
	assert.Contains(t, a.Because, "memory decides: 30.0 and 110 MiB")
	at, known := sameUpTo(p, a.option("eventloop"), a.option("multiblocking"))
	require.True(t, known)
	l, f := a.option("eventloop").Costs, a.option("multiblocking").Costs
	n := int(at)
	assert.True(t, sameMemory(l.memoryAt(n-1, p.Connections), f.memoryAt(n-1, p.Connections)))
	assert.False(t, sameMemory(l.memoryAt(n+1, p.Connections), f.memoryAt(n+1, p.Connections)))
	assert.Contains(t, a.changeTexts(), "multiblocking, which is simpler, would be the answer.")

	_, known = sameUpTo(p, a.option("multiblocking"), a.option("eventloop"))
	assert.False(t, known, "it never is the lean one")

	// The other way round: equal here, and not with more.
	p.Connections = 400
	a = testAdvice(t, p,
		constructed{model: "multiblocking", p99: time.Millisecond, cpu: flat(0.10), rss: 13, each: 10},
		constructed{model: "eventloop", p99: time.Millisecond, cpu: flat(0.101), rss: 11, each: 1},
	)
	assert.Equal(t, "multiblocking", a.Recommended)
	assert.Regexp(t, `Above about \d+ connections eventloop would need less memory than multiblocking`, a.changeTexts())
}

// The memory of connections for which there was no room is computed from that of one
// connection.
func TestAdviceComputesMemory(t *testing.T) {
	asked := testProfile()
	asked.Connections = 30_000
	measured := asked.fit(5_100)
	assert.Equal(t, 5_000, measured.Connections)
	assert.Equal(t, 100, measured.Active)
	o, err := judge(asked, measured, results.Target{Name: "eventloop"}, constructed{model: "eventloop", p99: time.Millisecond, cpu: flat(0.1), rss: 20, each: 2}.samples(measured))
	require.NoError(t, err)
	assert.InDelta(t, 20<<20+25_000*2048, o.Costs.Memory, 1)
	assert.EqualValues(t, 20<<20, o.Costs.RSS)
}

func TestAdviceAsksBeforeACoreIsBurnt(t *testing.T) {
	p := testProfile()
	busy := constructed{model: "busywait", p99: 50 * time.Microsecond, cpu: flat(1), idle: 1, rss: 15}
	loop := constructed{model: "eventloop", p99: 80 * time.Microsecond, cpu: flat(0.1), rss: 15}
	a := testAdvice(t, p, busy, loop)
	assert.Equal(t, "eventloop", a.Recommended)
	assert.Empty(t, a.RunnerUp)
	assert.Contains(t, a.option("busywait").Reason, "burns 100.0 % of a core with nothing to do")
	assert.Contains(t, a.changeTexts(), "A core that may be burnt (--spare-core): then the quicker busywait qualifies, with a p50 of 25.0µs where eventloop has 40.0µs.")

	p.P99 = 60 * time.Microsecond
	a = testAdvice(t, p, busy, loop)
	assert.Empty(t, a.Recommended)
	assert.Contains(t, a.Sentence, "None, unless a core may be burnt: busywait alone keeps p99 within 60µs")
	assert.False(t, a.Void, "that is an answer")

	p.SpareCore, p.P99 = true, 5*time.Millisecond
	a = testAdvice(t, p, busy, loop)
	assert.Equal(t, "busywait", a.Recommended)
	assert.Contains(t, a.Because, "response time decides")
	assert.Contains(t, a.changeTexts(), "A core that is shared with anything else")
}

// With a core to spare the p99 decides, if it is known, and then the p50.
func TestAdviceByResponseTime(t *testing.T) {
	p := testProfile()
	p.SpareCore = true
	median := func(p50 time.Duration, void bool) func(*Sample) {
		return func(s *Sample) {
			s.Load.Response.P50 = p50
			if void {
				s.Load.SendLag = load.Times{P99: s.Load.Response.P99}
				s.Load.Void = []string{"the generator was late"}
			}
		}
	}
	long := constructed{model: "busywait", p99: 500 * time.Microsecond, cpu: flat(1), idle: 1, alter: median(9*time.Microsecond, false)}
	bound := constructed{model: "eventloop", p99: 30 * time.Microsecond, cpu: flat(0.1), alter: median(11*time.Microsecond, true)}
	assert.Equal(t, "eventloop", testAdvice(t, p, long, bound).Recommended, "its p99 is at most a fraction of the other's")

	short := constructed{model: "busywait", p99: 20 * time.Microsecond, cpu: flat(1), idle: 1, alter: median(9*time.Microsecond, false)}
	assert.Equal(t, "busywait", testAdvice(t, p, short, bound).Recommended, "nothing is known of the other's p99 but that it may be as good; its p50 is longer")
}

func TestAdviceOnSlowHandlers(t *testing.T) {
	p := testProfile()
	p.Connections, p.Active, p.Handler = 200, 200, 2*time.Millisecond
	slow := func(s *Sample) { s.Load.Requests, s.Load.Rate = 500, 500 }
	a := testAdvice(t, p,
		constructed{model: "eventloop", p99: 700 * time.Millisecond, cpu: flat(0.02), rss: 15, alter: slow},
		constructed{model: "multiblocking --workers 64", p99: 700 * time.Millisecond, cpu: flat(0.02), rss: 15, alter: slow},
		constructed{model: "multiblocking", p99: 3 * time.Millisecond, cpu: flat(0.1), rss: 17},
	)
	assert.Equal(t, "multiblocking", a.Recommended)
	assert.Equal(t, "handles one request at a time: 500/s at most; measured: 25.0 % of what was due", a.option("eventloop").Reason)
	assert.Contains(t, a.option("multiblocking --workers 64").Reason, "serves 64 clients at a time")
	assert.Contains(t, a.changeTexts(), "Handlers that wait for less than about 350µs")
	assert.Contains(t, p.foretold(), "4.00 in their handlers at any time; a model that handles one at a time answers 500/s at most")
}

// If no model qualifies, the advice names the nearest one, and its obstacle.
func TestAdviceOnWhatNobodyCanDo(t *testing.T) {
	p := testProfile()
	half := func(s *Sample) { s.Load.Requests /= 2 }
	a := testAdvice(t, p,
		constructed{model: "multiblocking", p99: 900 * time.Millisecond, cpu: flat(0.99), alter: half},
		constructed{model: "eventloop", p99: 6 * time.Millisecond, cpu: flat(0.95)},
	)
	assert.Empty(t, a.Recommended)
	assert.Equal(t, "None of them. The nearest is eventloop: p99 6.00ms; it uses all the CPU time that it can have, 95.0 % of a core.", a.Sentence)
	assert.Equal(t, "answers 50.0 % of what is due", a.option("multiblocking").Reason)
}

// A void sample counts for a model, because its times are upper bounds. It does not
// count against a model.
func TestAdviceOnVoidSamples(t *testing.T) {
	p := testProfile()
	void := func(s *Sample) { s.Load.Void = []string{"the generator was busy for 90 % of the time, over 80 %"} }
	a := testAdvice(t, p,
		constructed{model: "eventloop", p99: time.Millisecond, cpu: flat(0.1), alter: void},
		constructed{model: "multiblocking", p99: 20 * time.Millisecond, cpu: flat(0.05), alter: void},
	)
	assert.Equal(t, "eventloop", a.Recommended)
	assert.Contains(t, a.Sentence, "p99 ≤1.00ms")
	assert.True(t, strings.HasPrefix(a.Sentence, "PROVISIONAL, because nothing is known of multiblocking: take eventloop: "), a.Sentence)
	assert.Equal(t, 3, a.option("multiblocking").Void)
	assert.Zero(t, a.option("multiblocking").Counted)
	assert.Contains(t, a.option("multiblocking").Reason, "not known: the generator was busy")
	assert.Contains(t, strings.Join(a.Limits, "\n"), "A p99 in 6 of 6 measurements")

	little := func(s *Sample) { void(s); s.Load.InFlight *= 2 }
	a = testAdvice(t, p, constructed{model: "eventloop", p99: time.Millisecond, cpu: flat(0.1), alter: little})
	assert.Empty(t, a.Recommended)
	assert.Contains(t, a.Sentence, "No advice: nothing is known of eventloop, because every measurement was void")
	assert.True(t, a.Void)

	// A void sample whose generator was late with few requests shows the median.
	late := func(s *Sample) {
		s.Load.SendLag = load.Times{P99: s.Load.Response.P99 / 2}
		s.Load.Void = []string{"the generator was late"}
	}
	a = testAdvice(t, p, constructed{model: "eventloop", p99: 20 * time.Millisecond, cpu: flat(0.1), alter: late})
	assert.Equal(t, 3, a.option("eventloop").Missed, "its median alone is over the target")
	a = testAdvice(t, p, constructed{model: "eventloop", p99: 8 * time.Millisecond, cpu: flat(0.1), alter: late})
	assert.Zero(t, a.option("eventloop").Counted)
}

// If no measurement counts, arithmetic still does.
func TestAdviceByArithmetic(t *testing.T) {
	p := testProfile()
	p.Connections, p.Active, p.Rate, p.Handler, p.P99 = 100, 100, 1000, 5*time.Millisecond, 50*time.Millisecond
	void := func(s *Sample) {
		s.Load.Void, s.Load.InFlight = []string{"Little's law fails"}, 1e6
		s.Load.Requests /= 2
	}
	a := testAdvice(t, p,
		constructed{model: "eventloop", p99: time.Second, cpu: flat(0.1), alter: void},
		constructed{model: "singleblocking", p99: time.Second, cpu: flat(0.1), alter: func(s *Sample) { s.Load.Requests = 1 }},
		constructed{model: "multiblocking", p99: time.Second, cpu: flat(0.1), alter: void},
	)
	assert.Empty(t, a.Recommended)
	assert.Equal(t, "No advice: nothing is known of multiblocking, because every measurement was void, or too short to say. "+
		"Arithmetic rules out singleblocking (serves one client at a time; the others wait until it leaves), eventloop (handles one request at a time: 200/s at most).", a.Sentence)
	others, steal := 0.5, 0.0
	a.Environment.Others, a.Environment.Steal = &others, &steal
	require.NoError(t, a.conclude())
	assert.Contains(t, a.Sentence, "50 % of this machine's CPU time went elsewhere: ask again when it is quiet.")
}

// One repeat that misses the target is enough.
func TestAdviceWantsEveryRepeat(t *testing.T) {
	once := func(s *Sample) {
		if s.Repeat == 2 {
			s.Load.Response.P99 = 6 * time.Millisecond
		}
	}
	a := testAdvice(t, testProfile(),
		constructed{model: "eventloop", p99: time.Millisecond, cpu: flat(0.1), alter: once},
		constructed{model: "multiblocking", p99: time.Millisecond, cpu: flat(0.3)},
	)
	assert.Equal(t, "multiblocking", a.Recommended)
	assert.Equal(t, "p99 6.00ms, in 1 of 3 repeats", a.option("eventloop").Reason)

	// A repeat in which the server had too little time to accept its clients does not
	// count.
	short := func(s *Sample) {
		if s.Repeat == 2 {
			s.Short = "the server holds 500 of 900"
		}
	}
	a = testAdvice(t, testProfile(), constructed{model: "eventloop", p99: time.Millisecond, cpu: flat(0.1), alter: short})
	assert.Equal(t, "eventloop", a.Recommended)
	assert.Equal(t, 2, a.option("eventloop").Counted)
	always := func(s *Sample) { s.Short = "the server holds 500 of 900, and refuses the others" }
	a = testAdvice(t, testProfile(), constructed{model: "eventloop", p99: time.Millisecond, cpu: flat(0.1), alter: always})
	assert.Equal(t, "silent connections: the server holds 500 of 900, and refuses the others", a.option("eventloop").Reason)

	wrong := func(s *Sample) { s.Load.Errors.Wrong = 1 }
	a = testAdvice(t, testProfile(), constructed{model: "eventloop", p99: time.Millisecond, cpu: flat(0.1), alter: wrong})
	assert.Empty(t, a.Recommended)
	ended := func(s *Sample) { s.Error = "it ended: exit status 2" }
	a = testAdvice(t, testProfile(), constructed{model: "eventloop", p99: time.Millisecond, cpu: flat(0.1), alter: ended})
	assert.Contains(t, a.Sentence, "it ended: exit status 2")
}

// Before every model was measured there is no advice.
func TestAdviceInterrupted(t *testing.T) {
	a := testAdvice(t, testProfile(),
		constructed{model: "eventloop", p99: time.Millisecond, cpu: flat(0.1)},
		constructed{model: "multiblocking"},
	)
	assert.Empty(t, a.Recommended)
	assert.Equal(t, "No advice: not every model was measured.", a.Sentence)
	assert.Equal(t, "not measured", a.option("multiblocking").Reason)
}

// Elsewhere a system does not tell what a process uses.
func TestAdviceWithoutCosts(t *testing.T) {
	blind := func(s *Sample) { s.Resources = nil }
	a := testAdvice(t, testProfile(),
		constructed{model: "eventloop", p99: time.Millisecond, cpu: flat(0.1), alter: blind},
		constructed{model: "multiblocking", p99: time.Millisecond, cpu: flat(0.3), alter: blind},
	)
	assert.Equal(t, "multiblocking", a.Recommended)
	assert.Contains(t, strings.Join(a.Limits, "\n"), "Simplicity decides")
}

func TestAdviceProbes(t *testing.T) {
	p := testProfile()
	probes := probesOf(p)
	require.Len(t, probes, 2)
	assert.EqualValues(t, 4000, probes[0].profile.Rate)
	assert.Equal(t, []int{100, 10}, []int{probes[1].profile.Connections, probes[1].profile.Active})

	a := testAdvice(t, p,
		constructed{model: "multiblocking", p99: time.Millisecond, cpu: flat(0.20), rss: 40},
		constructed{model: "eventloop", p99: time.Millisecond, cpu: flat(0.10), rss: 20},
	)
	for _, c := range []constructed{
		{model: "multiblocking", p99: time.Millisecond, cpu: []float64{0.4}, rss: 40},
		{model: "eventloop", p99: 30 * time.Millisecond, cpu: []float64{0.9}, rss: 20},
	} {
		s := c.samples(probes[0].profile)[0]
		s.Repeat, s.Probe = 0, probes[0].name
		a.Samples = append(a.Samples, s)
	}
	require.NoError(t, a.conclude())
	assert.Equal(t, "eventloop", a.Recommended, "a probe is no repeat")
	last := a.Changes[len(a.Changes)-1]
	assert.True(t, last.Measured)
	assert.Contains(t, last.Text, "Twice the rate, 4,000/s: multiblocking: 1.00ms by p99, 40.0 % of a core")
	assert.Contains(t, last.Text, "The answer would be multiblocking.")
}

// The last criterion decides: no two variants are equally simple.
func TestComplexityIsAnOrder(t *testing.T) {
	taken := make(map[int]string)
	for _, v := range models.Variants() {
		assert.Positive(t, v.Complexity, v.Name())
		assert.Empty(t, taken[v.Complexity], "as complex as %s", v.Name())
		taken[v.Complexity] = v.Name()
		assert.Less(t, complexity(v.Name()), complexity("another"))
	}
	assert.Less(t, complexity("singleblocking"), complexity("multiblocking"))
	assert.Less(t, complexity("eventloop"), complexity("busywait"))
}

// An example in the advice is a model that serves all clients at a time.
func TestExamplesAreTheSimplest(t *testing.T) {
	for handlers, want := range map[int]string{0: "multiblocking", 1: "eventloop", 2: "eventloop --loops 2"} {
		assert.Equal(t, want, simplest(func(v models.Variant) bool { return v.Clients == 0 && v.Handlers == handlers }))
	}
}

// The first line is the answer, and no line is wider than a terminal, except the
// command, which the user copies.
func TestAdviceReport(t *testing.T) {
	a := testAdvice(t, testProfile(),
		constructed{model: "multiblocking --os-threads", p99: time.Millisecond, cpu: flat(0.20), rss: 20, each: 8},
		constructed{model: "busywait --one-at-a-time", p99: time.Millisecond, cpu: flat(1), rss: 20},
		constructed{model: "eventloop", p99: time.Millisecond, cpu: flat(0.10), rss: 40, each: 1},
	)
	var out strings.Builder
	require.NoError(t, a.Report(&out, text.Style{}, 80))
	text := out.String()
	assert.True(t, strings.HasPrefix(text, "Take eventloop: "), text)
	body, _, _ := strings.Cut(text, "\nAgain\n")
	for line := range strings.Lines(body) {
		assert.LessOrEqual(t, len([]rune(strings.TrimSpace(line))), 80, line)
	}
	for _, part := range []string{"MODEL", "Why not", "Runner-up: multiblocking --os-threads", "What would change the answer", "What this machine could not show", "ioflavors advise"} {
		assert.Contains(t, text, part)
	}
	// A user who reads only the beginning must be warned by it.
	others, steal := 0.5, 0.0
	a.Environment.Others, a.Environment.Steal = &others, &steal
	require.NoError(t, a.conclude())
	assert.True(t, strings.HasPrefix(a.text(t), "PROVISIONAL, because 50 % of this machine's CPU time went elsewhere: take eventloop: p99 "), a.Sentence)
	a.Environment.Others, a.Complete = nil, false
	require.NoError(t, a.conclude())
	assert.True(t, strings.HasPrefix(a.text(t), "PROVISIONAL, because it was interrupted: take eventloop: p99 "), a.Sentence)
	assert.NoError(t, a.Write(t.TempDir()))
}

// Figures differ where all repeats say so, or most of them and by much.
func TestFiguresDifferBeyondTheNoise(t *testing.T) {
	repeats := func(values ...float64) map[int]float64 {
		m := map[int]float64{}
		for i, v := range values {
			if v > 0 {
				m[i] = v
			}
		}
		return m
	}
	for _, test := range []struct {
		a, b map[int]float64
		want bool
		why  string
	}{
		{repeats(10, 11, 12), repeats(12, 13, 14), true, "all agree"},
		{repeats(10, 11, 12), repeats(10.5, 11.5, 12.5), false, "less than 10 % apart"},
		{repeats(10, 11, 15), repeats(12, 13, 14), false, "one does not agree, and they are 15 % apart"},
		{repeats(10, 11, 25), repeats(20, 21, 22), true, "one does not agree, but they are far apart"},
		{repeats(10, 25, 26), repeats(20, 21, 22), false, "most do not agree"},
		{repeats(10, 25), repeats(20, 21), false, "no more agree than not"},
		{repeats(10, 21), repeats(100, 20), false, "no more agree than not, however far apart they are"},
		{repeats(100, 100, 100), repeats(100, 120, 120), false, "an equal pair does not agree, and they are 17 % apart"},
		{repeats(90, 90, 90), repeats(100, 100, 100), false, "just 10 % apart"},
		{repeats(89, 89, 89), repeats(100, 100, 100), true, "more than that"},
		{repeats(10, 0), repeats(12, 0), false, "one repeat in common, and they are 17 % apart"},
		{repeats(10, 0), repeats(20, 0), true, "one repeat in common, and they are far apart"},
	} {
		assert.Equal(t, test.want, differ(test.a, test.b, 0, 0, 0), test.why)
	}
}
