package term

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/labtest"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/text"
)

// liveRun is a run of a hundred planned seconds on a terminal, before anything
// is measured; its clock is set by hand.
func liveRun(t *testing.T, s *labtest.Screen, style text.Style) (p *Progress, r *results.Results, clock *time.Time) {
	t.Helper()
	mix := load.DefaultWorkload()
	r = &results.Results{Plan: results.Plan{Rounds: 3, Parts: results.Parts[:len(results.Parts)-1], Workloads: results.Workloads(mix), Open: results.OpenWorkloads(mix, "")}}
	for _, target := range labtest.Targets(t) {
		r.Servers = append(r.Servers, &results.Server{Target: target})
	}
	now := time.Unix(1e9, 0)
	p = NewLiveProgress(s, style, s.Size)
	p.Now = func() time.Time { return now }
	p.Start(r, 100*time.Second)
	return p, r, &now
}

func TestLiveTable(t *testing.T) {
	s := &labtest.Screen{T: t, Columns: 80, Rows: 24}
	p, r, clock := liveRun(t, s, text.Style{})
	cell := func(server string, workload int, requests int64, p99 time.Duration, void ...string) results.Cell {
		return results.Cell{Server: server, Workload: workload, Resources: &results.Resources{CPU: 2 * time.Second},
			Load: load.Result{Requests: requests, Rate: float64(requests), Response: load.Times{P99: p99}, Void: void}}
	}
	for _, server := range r.Servers {
		server.Rules = &results.Conformance{Passed: 53, Total: 53}
	}
	r.Servers[2].DNF = "it ended"
	r.Servers[4].Rules = &results.Conformance{Passed: 52, Total: 53, Failed: []results.Failure{{Rule: "pipeline-order"}}}
	r.Servers[4].DNF = "fails 1 of 53 rules"
	r.Server("iouring").Rules, r.Server("iouring").Unavailable = nil, "no io_uring"
	r.Runs = []results.Cell{
		cell("singleblocking", 0, 1, 0), cell("singleblocking", 1, 100_000, 0), cell("singleblocking", 1, 1_000_000, 0), cell("singleblocking", 1, 200_000, 0),
		cell("multiblocking", 1, 0, 0),
	}
	r.Open = []results.Cell{
		cell("singleblocking", 2, 1, time.Millisecond), cell("singleblocking", 2, 1, time.Second, "late"), cell("singleblocking", 2, 1, 3*time.Millisecond),
		cell("multiblocking", 2, 1, time.Millisecond, "late"),
	}
	r.Idle = []results.IdleCell{{Server: "eventloop", Connections: 1, Resources: &results.Resources{Window: time.Second, CPU: 25 * time.Millisecond}}}
	*clock = clock.Add(30 * time.Second)
	p.Finished(30*time.Second, "not for here")
	*clock = clock.Add(10 * time.Second)
	p.Doing("multiblocking", "50 conns · round 2 of 3")
	assert.Equal(t, []string{
		"                                    50 conns   20,000/s",
		"MODEL                RULES   µs/REQ    REQ/S        P99    IDLE",
		"singleblocking       53/53     10.0  200,000     2.00ms       –",
		"multiblocking        53/53      n/a        0       VOID       –  50 conns",
		"multibloc…orkers 64  53/53        –        –          –       –  DNF",
		"multibloc…s-threads  53/53        –        –          –       –",
		"busywait             52/53        –        –          –       –  DNF: fails pi…",
		"busywait …at-a-time  53/53        –        –          –       –",
		"eventloop            53/53        –        –          –   2.5 %",
		"eventloop --loops 2  53/53        –        –          –       –",
		"iouring                  –        –        –          –       –  NOT AVAILABLE",
		"████░░░░░░░░░░░░  30 %  about 60 s left  multiblocking · 50 conns · round 2 …",
	}, s.Text())

	p.End()
	assert.Empty(t, s.Text())
}

// Only the parts of the plan have columns.
func TestLiveTableOfAPart(t *testing.T) {
	s := &labtest.Screen{T: t, Columns: 80, Rows: 24}
	p, r, _ := liveRun(t, s, text.Style{})
	r.Plan.Parts = []results.Part{results.Idle}
	p.Doing("eventloop", "idle")
	assert.Equal(t, []string{
		"MODEL                       RULES  IDLE",
		"singleblocking                  –     –",
	}, s.Text()[:2])
}

func TestLiveColours(t *testing.T) {
	for _, style := range []text.Style{{}, text.ANSI} {
		var out strings.Builder
		p := NewLiveProgress(&out, style, func() (int, int) { return 80, 24 })
		p.Start(&results.Results{Servers: []*results.Server{{Target: results.Target{Name: "one"}}, {Target: results.Target{Name: "two"}, DNF: "oh"}, {Target: results.Target{Name: "three"}, Unavailable: "no"}}}, time.Second)
		p.Doing("one", "check")
		assert.Equal(t, style == text.ANSI, strings.Contains(out.String(), "\x1b[2mcheck\x1b[0m"))
		assert.Equal(t, style == text.ANSI, strings.Contains(out.String(), "\x1b[31mDNF\x1b[0m"))
		assert.Equal(t, style == text.ANSI, strings.Contains(out.String(), "\x1b[2mNOT AVAILABLE\x1b[0m"), "nothing is wrong")
		assert.Equal(t, style == text.ANSI, strings.Contains(out.String(), "m"+"\x1b[K"), "%q", out.String())
	}
}

// Whatever the terminal's size, no line wraps, and nothing is left of what was
// there before.
func TestLiveFits(t *testing.T) {
	for _, rows := range []int{1, 12, 13, 50} {
		for _, columns := range []int{2, 3, 5, 20, 40, 60, 70, 79, 80, 81, 90, 100, 119, 120, 121, 160, 200} {
			s := &labtest.Screen{T: t, Columns: columns, Rows: rows}
			p, r, clock := liveRun(t, s, text.ANSI)
			for i := range 10 {
				*clock = clock.Add(time.Second)
				r.Servers[i%len(r.Servers)].DNF = strings.Repeat("x", i*20)
				p.Finished(10*time.Second, "")
				p.Doing(r.Servers[(i+1)%len(r.Servers)].Name, "something that takes long · in a round")
				lines := s.Text()
				switch {
				case columns >= 80 && rows > 12:
					require.Len(t, lines, 12, "%d x %d", columns, rows)
				case rows <= 12:
					require.LessOrEqual(t, len(lines), 1, "%d x %d", columns, rows)
				}
				if columns >= 80 {
					require.Contains(t, lines[len(lines)-1], fmt.Sprintf("%d %%  about ", (i+1)*10))
				}
			}
			_, _ = s.Write([]byte("^C"[:min(2, columns)]))
			p.End()
			require.Empty(t, s.Text(), "%d x %d", columns, rows)
		}
	}
}

func TestLiveNoticesAnotherSize(t *testing.T) {
	s := &labtest.Screen{T: t, Columns: 120, Rows: 30}
	p, _, clock := liveRun(t, s, text.Style{})
	show := func() []string {
		*clock = clock.Add(time.Second)
		p.Doing("eventloop", "50 conns · round 1 of 3")
		return s.Text()
	}
	require.Len(t, show(), 12)
	assert.Contains(t, show()[4], "multiblocking --workers 64")
	s.Resize(80)
	require.Len(t, show(), 12)
	s.Resize(40)
	require.Len(t, show(), 1, "too narrow for the table")
	s.Columns = 120
	require.Len(t, show(), 12)
	s.Rows = 12
	p.End()
	assert.Empty(t, s.Text())
}

func TestLiveIsDrawnFourTimesASecond(t *testing.T) {
	s := &labtest.Screen{T: t, Columns: 80, Rows: 24}
	p, _, clock := liveRun(t, s, text.Style{})
	var drawn []time.Time
	for range 500 {
		before := s.Writes
		p.Doing("eventloop", "50 conns")
		if s.Writes > before {
			drawn = append(drawn, *clock)
		}
		*clock = clock.Add(7 * time.Millisecond)
	}
	require.Len(t, drawn, 4*4, "in three and a half seconds")
	for i := 4; i < len(drawn); i++ {
		assert.GreaterOrEqual(t, drawn[i].Sub(drawn[i-4]), time.Second)
	}
}
