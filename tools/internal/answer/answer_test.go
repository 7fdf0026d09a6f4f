package answer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/models"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

const rounds = 6

// figures of a server: CPU per request and p99 in µs, memory of a client in bytes, the
// share of a core when idle, and the waits in ms beside a slow client and handler.
type figures struct {
	cpu, p99, memory, idle, client, handler float64
}

// usual is a run as on a quiet machine.
var usual = map[string]figures{
	"singleblocking":             {8.4, 27, 0, 0, 500, 0},
	"multiblocking":              {4.4, 47, 4096, 0, 1.6, 0.1},
	"multiblocking --workers 64": {4.35, 20, 9728, 0, 1.6, 0.11},
	"busywait":                   {4.0, 133, 320, 1, 1.8, 9.4},
	"busywait --one-at-a-time":   {9.43, 111, 0, 0.99, 500, 0},
	"eventloop":                  {3.5, 25, 330, 0, 2.6, 9.2},
	"iouring":                    {3.4, 24, 370, 0, 3.4, 9.3},
}

// runOf makes a run of some of our models. Its rounds differ by about 1 %.
func runOf(t *testing.T, of map[string]figures) *results.Results {
	t.Helper()
	mix := load.DefaultWorkload()
	quiet := 0.002
	r := &results.Results{
		Schema: results.Schema, Complete: true, Environment: results.Environment{Steal: &quiet, Others: &quiet},
		Plan: results.Plan{
			Rounds: rounds, Parts: results.Parts, Again: "eventloop",
			Workloads: results.Workloads(mix), Open: results.OpenWorkloads(mix, ""), IdleConnections: results.IdleSteps(),
		},
	}
	stall, handler := results.Claim{Experiment: slowClient}, results.Claim{Experiment: slowHandler}
	for _, target := range models.Models("ioflavors") {
		f, known := of[target.Name]
		if !known {
			continue
		}
		r.Servers = append(r.Servers, &results.Server{Target: target})
		for round := range rounds {
			wobble := 1 + 0.003*(float64(round)-2.5)
			for w := range r.Plan.Workloads {
				r.Runs = append(r.Runs, results.Cell{
					Server: target.Name, Round: round + 1, Workload: w, Load: load.Result{Requests: 1000, Rate: 1000},
					Resources: &results.Resources{Window: time.Second, CPU: time.Duration(f.cpu * 1e6 * wobble)},
				})
			}
			for w := range r.Plan.Open {
				r.Open = append(r.Open, results.Cell{Server: target.Name, Round: round + 1, Workload: w, Load: open(t, f.p99*wobble)})
			}
		}
		for _, n := range []int{0, 100, 10_000} {
			if target.OneAtATime {
				n = min(n, 1)
			}
			r.Idle = append(r.Idle, results.IdleCell{Server: target.Name, Connections: n, Resources: &results.Resources{
				Window: time.Second, CPU: time.Duration(f.idle * 1e9), RSS: 10<<20 + int64(f.memory*float64(n)),
			}})
		}
		stall.Findings = append(stall.Findings, results.Finding{Server: target.Name, Verdict: yes(f.client > 250), Number: f.client / 1e3})
		handler.Findings = append(handler.Findings, results.Finding{Server: target.Name, Verdict: yes(f.handler < 2), Number: f.handler})
	}
	r.Again = results.CellsOf(r.Runs, "eventloop", 1)
	r.Claims = []results.Claim{stall, handler}
	require.NoError(t, r.Summarize())
	return r
}

func yes(is bool) results.Verdict {
	if is {
		return results.Confirmed
	}
	return results.Refuted
}

var timesOf = make(map[float64]load.Times) // by p99: encoding them takes long

// open is a cell of the open loop with that p99, in µs.
func open(t *testing.T, p99 float64) load.Result {
	t.Helper()
	times, known := timesOf[p99]
	if !known {
		h := load.NewHistogram()
		for i := range 2000 {
			d := p99 / 2
			if i%50 == 0 {
				d = p99
			}
			load.Record(h, time.Duration(d*1e3))
		}
		var err error
		times, err = load.Summarize(h)
		require.NoError(t, err)
		timesOf[p99] = times
	}
	return load.Result{Workload: load.Workload{Rate: 1000}, Offered: 2000, Requests: 2000, Response: times}
}

func TestTheFinding(t *testing.T) {
	a := Of(runOf(t, usual))
	assert.Equal(t, "busywait, eventloop and iouring need the least CPU per request; multiblocking needs more and stays fast beside a slow handler; busywait burns a core while idle.", a.Finding)
	assert.Equal(t, "Take eventloop if all handlers are quick, and multiblocking if some are slow.", a.Advice)
	var lead []string
	for _, s := range a.Lead {
		lead = append(lead, s.String())
	}
	assert.Equal(t, []string{
		"busywait, eventloop and iouring pay 3.40–4.00 µs of CPU for a request and 0.31–0.36 KiB of memory for an idle client; one slow handler delays all clients (p99 9.20–9.40 ms).",
		"multiblocking pays 29 % more for a request and 4.00 KiB for an idle client, and answers cheap requests within 100 µs (p99) beside a slow handler.",
		"busywait uses 100 % of a core while all clients are silent.",
		"singleblocking keeps all others waiting for as long as one client is slow.",
		"A difference of CPU below 25 % should decide nothing; ● marks what this run cannot tell from the best: the same server, measured twice, differed by 0.0 %.",
	}, lead)
	assert.True(t, a.Trusted(), "%v", a.Trust)
}

// Once a server of the user's own counted as the simplest one.
func TestAnotherServerIsNotTakenForTheSimplest(t *testing.T) {
	text, err := json.Marshal(runOf(t, usual))
	require.NoError(t, err)
	r, err := results.Decode(bytes.ReplaceAll(text, []byte(`"iouring"`), []byte(`"mine"`)))
	require.NoError(t, err)
	r.Server("mine").Foreign = true
	a := Of(r)
	assert.Contains(t, a.Finding, "mine need the least CPU per request")
	assert.Contains(t, a.Advice, "Take eventloop if")
	slices.Reverse(r.Servers)
	assert.Contains(t, Of(r).Advice, "Take eventloop if")
}

func TestTheTable(t *testing.T) {
	a := Of(runOf(t, usual))
	var rows []string
	for _, row := range a.Rows {
		text := row.Server
		for _, c := range row.Cells {
			text += " | " + c.Text + c.Grade.Mark()
		}
		rows = append(rows, text)
	}
	assert.Equal(t, []string{
		"iouring | 3.40 µs● | 24.0 µs | 0.36 KiB● | 0 %● | 3.40 ms● | 9.30 ms▲",
		"eventloop | 3.50 µs● | 25.0 µs | 0.32 KiB● | 0 %● | 2.60 ms● | 9.20 ms▲",
		"busywait | 4.00 µs | 133 µs▲ | 0.31 KiB● | 100 %▲ | 1.80 ms● | 9.40 ms▲",
		"multiblocking --workers 64 | 4.35 µs | 20.0 µs● | 9.50 KiB▲ | 0 %● | 1.60 ms● | 110 µs●",
		"multiblocking | 4.40 µs | 46.9 µs | 4.00 KiB | 0 %● | 1.60 ms● | 100 µs●",
		"singleblocking | 8.40 µs▲ | 27.0 µs | – | 0 %● | 500 ms▲ | –",
		"busywait --one-at-a-time | 9.43 µs▲ | 111 µs | – | 99 %▲ | 500 ms▲ | –",
	}, rows)
	for _, c := range a.Columns {
		assert.True(t, c.Measured, c.Name)
	}
	assert.Equal(t, "at 40,000 requests/s", a.Columns[1].Under)
	for _, row := range a.Rows {
		assert.NotEmpty(t, row.How, row.Server)
		assert.LessOrEqual(t, len([]rune(row.How)), 30, row.Server)
		for i, c := range row.Cells {
			assert.True(t, c.Bar >= 0 && c.Bar <= 1, "%s: %v", row.Server, c.Bar)
			for _, other := range a.Rows {
				if o := other.Cells[i]; c.Known && o.Known && c.Value < o.Value {
					assert.LessOrEqual(t, c.Bar, o.Bar, "%s: a smaller figure has no longer bar", a.Columns[i].Name)
				}
			}
		}
	}
}

// A difference within the A/A run's is equal, and so is one that a test of the rounds does
// not find.
func TestNoiseIsRespected(t *testing.T) {
	r := runOf(t, map[string]figures{"eventloop": {cpu: 3.5}, "multiblocking": {cpu: 3.65}})
	assert.Equal(t, Best, Of(r).Cell("multiblocking", CPU).Grade)

	r = runOf(t, map[string]figures{"eventloop": {cpu: 3.5}, "multiblocking": {cpu: 4}})
	assert.Equal(t, Fair, Of(r).Cell("multiblocking", CPU).Grade)
	again := slices.Clone(r.Again)
	for i := range again {
		resources := *again[i].Resources
		resources.CPU = resources.CPU * 12 / 10
		again[i].Resources = &resources
	}
	r.Again = again
	require.NoError(t, r.Summarize())
	assert.Equal(t, Best, Of(r).Cell("multiblocking", CPU).Grade, "the same server differed by more")

	r = runOf(t, map[string]figures{"eventloop": {cpu: 3.5}, "multiblocking": {cpu: 4}})
	for i := range r.Runs { // half of the rounds of each are slow
		if c := &r.Runs[i]; (c.Round%2 == 0) == (c.Server == "eventloop") {
			c.Resources.CPU = c.Resources.CPU * 13 / 10
		}
	}
	require.NoError(t, r.Summarize())
	assert.Equal(t, Best, Of(r).Cell("multiblocking", CPU).Grade, "the rounds overlap")
}

// Servers that need little more than the least are named together, whether this run can
// tell them apart or not. So the words of several runs are the same.
func TestSmallDifferencesDecideNothing(t *testing.T) {
	r := runOf(t, map[string]figures{"eventloop": {cpu: 3.5}, "multiblocking": {cpu: 4.3}})
	a := Of(r)
	assert.Equal(t, Fair, a.Cell("multiblocking", CPU).Grade)
	assert.Equal(t, "multiblocking and eventloop need about the same CPU per request.", a.Finding)
	assert.Equal(t, "Take multiblocking, also if some handlers are slow.", a.Advice)

	r = runOf(t, map[string]figures{"eventloop": {cpu: 3.5}, "multiblocking": {cpu: 4.5}})
	assert.Contains(t, Of(r).Finding, "eventloop needs the least CPU per request")
}

// A server with wild rounds is no better than one with the same, or a lower, median.
func TestWildRoundsAreNoAdvantage(t *testing.T) {
	r := runOf(t, map[string]figures{"eventloop": {cpu: 3.5}, "iouring": {cpu: 4}, "multiblocking": {cpu: 4.4}, "busywait": {cpu: 7}})
	for i := range r.Runs {
		if c := &r.Runs[i]; (c.Server == "multiblocking" || c.Server == "busywait") && c.Round%2 == 0 {
			c.Resources.CPU /= 3
		}
	}
	require.NoError(t, r.Summarize())
	for i, s := range r.Summary { // the medians as they would be with more rounds
		r.Summary[i].Cost.CPU = map[string]float64{"eventloop": 3.5e3, "iouring": 4e3, "multiblocking": 4.4e3, "busywait": 7e3}[s.Server]
	}
	a := Of(r)
	assert.Equal(t, Best, a.Cell("multiblocking", CPU).Grade)
	assert.Equal(t, Best, a.Cell("iouring", CPU).Grade)
	assert.Equal(t, Fair, a.Cell("busywait", CPU).Grade, "twice as much is not equal, and not proved to be more")
}

// Nothing is claimed from void or disturbed measurements: the figure stands there without
// a grade, and with the reason.
func TestNothingIsClaimedFromDisturbedCells(t *testing.T) {
	r := runOf(t, usual)
	stolen := 0.5
	for i := range r.Runs {
		if c := &r.Runs[i]; c.Server == "iouring" && c.Round > 2 {
			c.Steal = &stolen
		} else if c.Server == "multiblocking" {
			c.Load.Void = []string{"the generator did not run"}
		}
	}
	for i := range r.Open {
		if r.Open[i].Server == "eventloop" {
			r.Open[i].Load.Void = []string{"the generator was late"}
		}
	}
	require.NoError(t, r.Summarize())
	a := Of(r)
	for _, server := range []string{"iouring", "multiblocking"} {
		c := a.Cell(server, CPU)
		assert.True(t, c.Known)
		assert.Equal(t, Fair, c.Grade, server)
		assert.NotEmpty(t, c.Why, server)
		assert.NotContains(t, a.Finding, server)
	}
	assert.Equal(t, "the generator was late", a.Cell("eventloop", Waiting).Why)
	assert.False(t, a.Cell("eventloop", Waiting).Known)
	assert.Contains(t, a.Finding, "busywait and eventloop need the least CPU per request", "iouring's figure is lower by less than the noise")
}

// Where a disturbed figure is lower than the others by more than the noise, no other
// server is the best one: it may be right.
func TestNoServerIsBestBesideALowerFigureThatDecidesNothing(t *testing.T) {
	r := runOf(t, usual)
	for i := range r.Runs {
		if c := &r.Runs[i]; !slices.Contains([]string{"singleblocking", "busywait --one-at-a-time"}, c.Server) {
			c.Load.Void = []string{"the generator did not run"}
		}
	}
	require.NoError(t, r.Summarize())
	a := Of(r)
	assert.Equal(t, Fair, a.Cell("singleblocking", CPU).Grade)
	assert.NotContains(t, a.Finding, "the least CPU per request")
}

// Two void rounds of six leave the others to decide.
func TestAFewVoidRoundsDecideNothing(t *testing.T) {
	r := runOf(t, usual)
	for i := range r.Runs {
		if c := &r.Runs[i]; c.Server == "iouring" && c.Round <= 2 {
			c.Load.Void = []string{"the generator did not run"}
		}
	}
	require.NoError(t, r.Summarize())
	assert.Equal(t, Best, Of(r).Cell("iouring", CPU).Grade)
}

// Where the machine leaves hardly a p99, medians are compared, and the head says so.
func TestMediansWhereNoP99Stands(t *testing.T) {
	r := runOf(t, usual)
	for i := range r.Open {
		l := &r.Open[i].Load
		l.SendLag.P99 = l.Response.P99 // late with some requests only
		l.Void = []string{"the generator was late"}
	}
	require.NoError(t, r.Summarize())
	a := Of(r)
	assert.Equal(t, "Response time, median", a.Columns[1].Name)
	assert.Equal(t, "12.5 µs", a.Cell("eventloop", Waiting).Text)
}

// A server is the soonest only if another one has a figure, too.
func TestALoneFigureIsNoFinding(t *testing.T) {
	r := runOf(t, usual)
	r.Runs, r.Claims = nil, nil
	for i := range r.Open {
		if c := &r.Open[i]; c.Server != "eventloop" {
			c.Load.Void = []string{"too busy"}
		}
	}
	require.NoError(t, r.Summarize())
	assert.NotContains(t, Of(r).Finding, "soonest")
	for i := range r.Open {
		if c := &r.Open[i]; c.Server == "multiblocking" {
			c.Load.Void = nil
		}
	}
	require.NoError(t, r.Summarize())
	assert.Contains(t, Of(r).Finding, "eventloop answers soonest")
}

// The rate is the highest at which the most servers have a figure.
func TestTheCommonRate(t *testing.T) {
	r := runOf(t, usual)
	for i := range r.Open {
		if c := &r.Open[i]; c.Workload == 3 && c.Server == "eventloop" {
			c.Load.Void = []string{"late"}
		}
	}
	require.NoError(t, r.Summarize())
	assert.Equal(t, "at 20,000 requests/s", Of(r).Columns[1].Under)
}

func TestReasonsForDistrust(t *testing.T) {
	warnings := func(change func(*results.Results)) string {
		r := runOf(t, usual)
		change(r)
		var all []string
		for _, remark := range Of(r).Trust {
			if remark.Warn {
				all = append(all, remark.Text)
			}
		}
		return strings.Join(all, "; ")
	}
	assert.Empty(t, warnings(func(*results.Results) {}))
	busy := 0.4
	assert.Contains(t, warnings(func(r *results.Results) { r.Environment.Others = &busy }), "DISTURBED: 40 %")
	assert.Contains(t, warnings(func(r *results.Results) { r.Complete = false }), "interrupted")
	assert.Contains(t, warnings(func(r *results.Results) { r.Plan.Rounds = 1 }), "only an indication, from 1 round")
	assert.Contains(t, warnings(func(r *results.Results) { r.Servers[0].DNF = "it ended" }), "1 server with errors, or not finished")
	assert.Contains(t, warnings(func(r *results.Results) { r.Environment = results.Environment{} }), "not known how quiet")
	assert.Contains(t, warnings(func(r *results.Results) { r.StallCheck = &results.StallCheck{Stopped: 2 * time.Second} }), "DO NOT TRUST")
}

// Any part of a run gives an answer, without words about what was not measured.
func TestPartsOfARun(t *testing.T) {
	for what, change := range map[string]func(*results.Results){
		"nothing":     func(r *results.Results) { *r = results.Results{Servers: r.Servers, Plan: r.Plan} },
		"no plan":     func(r *results.Results) { *r = results.Results{} },
		"only idle":   func(r *results.Results) { r.Runs, r.Open, r.Claims = nil, nil, nil },
		"only open":   func(r *results.Results) { r.Runs, r.Idle, r.Claims = nil, nil, nil },
		"no claims":   func(r *results.Results) { r.Claims = nil },
		"one server":  func(r *results.Results) { r.Servers = r.Servers[:1] },
		"unavailable": func(r *results.Results) { r.Servers[5].Unavailable = "no io_uring" },
		"no clocks": func(r *results.Results) {
			for i := range r.Runs {
				r.Runs[i].Resources = nil
			}
		},
	} {
		r := runOf(t, usual)
		change(r)
		require.NoError(t, r.Summarize())
		a := Of(r)
		assert.NotEmpty(t, a.Finding, what)
		assert.Len(t, a.Columns, 6, what)
		assert.Len(t, a.Rows, len(r.Servers), what)
		text := fmt.Sprint(a.Finding, a.Advice, a.Lead)
		for _, bad := range []string{"NaN", "Inf", "%!", "  ", " .", format0} {
			assert.NotContains(t, text, bad, what)
		}
		assert.Equal(t, what != "nothing" && what != "no plan", a.Measured(), what)
	}
}

// format0 would be the text of a figure that is missing, in a sentence.
const format0 = "pays –"

// Of servers that run already only the clients' waits are known: no other column promises a
// figure, and the finding is about the waits.
func TestServersThatRunAlready(t *testing.T) {
	running := func(names ...string) *results.Results {
		of := make(map[string]figures)
		for _, name := range names {
			of[name] = usual[name]
		}
		r := runOf(t, of)
		for _, s := range r.Servers {
			s.Addr, s.Foreign, s.Command = "10.0.0.5:7070", true, []string{}
		}
		for i := range r.Runs {
			r.Runs[i].Resources = nil
		}
		r.Idle, r.Claims, r.Again = nil, nil, nil
		require.NoError(t, r.Summarize())
		return r
	}
	a := Of(running("eventloop"))
	require.Len(t, a.Columns, 1)
	assert.Equal(t, Waiting, a.Columns[0].ID)
	assert.Equal(t, "eventloop answers 99 of 100 requests within 25.0 µs at 40,000 requests/s.", a.Finding)
	assert.Empty(t, a.Lead)
	assert.False(t, a.Cell("eventloop", CPU).Known)

	a = Of(running("eventloop", "busywait"))
	assert.Equal(t, "eventloop answers soonest.", a.Finding)
	a = Of(running("eventloop", "iouring"))
	assert.Equal(t, "No server answers sooner than the others.", a.Finding)

	none := running("eventloop")
	none.Open = nil
	require.NoError(t, none.Summarize())
	assert.Equal(t, "No response time is known.", Of(none).Finding)
}
