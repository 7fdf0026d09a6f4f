package labtest

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/models"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// Targets returns the servers of samples. A new model is not among them, so that no
// expected page or table changes.
func Targets(t *testing.T) []results.Target {
	t.Helper()
	targets, err := models.Select(models.Models("ioflavors"), []string{"singleblocking", "multiblocking", "busywait", "eventloop", "iouring"})
	require.NoError(t, err)
	return targets
}

// Sample returns results with nearly everything that a report shows, but without claims.
func Sample(t *testing.T) *results.Results {
	t.Helper()
	targets := Targets(t)
	mix, names := load.DefaultWorkload(), models.TargetNames(targets)
	plan := results.Plan{
		Seed: 42, Rounds: 3, Parts: results.Parts[:len(results.Parts)-1], Order: [][]string{names, names, names}, Again: "eventloop", AgainAt: []int{0, 1, 2},
		Workloads: results.Workloads(mix), Open: results.OpenWorkloads(mix, ""), IdleConnections: results.IdleSteps(),
		Cell: 600 * time.Millisecond, OpenCell: 300 * time.Millisecond, Warmup: 150 * time.Millisecond, Idle: 300 * time.Millisecond, Profile: time.Second, SLO: time.Millisecond,
		Experiments: []string{"E0", "E1", "E2", "E4", "E7", "E12"},
	}
	steal, others := 0.012, 0.07
	r := &results.Results{
		Schema:   results.Schema,
		Complete: true,
		Plan:     plan,
		Environment: results.Environment{
			OS: "linux", Arch: "amd64", Kernel: "Linux 6.18.0", CPU: "AMD EPYC 9R14", Cores: 2,
			Pinned: true, LoadCore: 1, ServerProcs: 1, Go: "go1.26.0", Steal: &steal, Others: &others,
		},
	}
	for i, s := range targets {
		server := &results.Server{Target: s, Rules: &results.Conformance{Passed: 50, Total: 50}}
		r.Servers = append(r.Servers, server)
		switch s.Name {
		case "busywait":
			server.Rules = &results.Conformance{Passed: 49, Total: 50, Failed: []results.Failure{{Rule: "pipeline-order", Reason: "the second reply came first"}}}
			server.DNF = "fails 1 of 50 rules; the first: pipeline-order: the second reply came first"
			continue
		case "iouring":
			server.Rules, server.Unavailable = nil, "no io_uring: it is not permitted (kernel.io_uring_disabled is 2)"
			continue
		case "multiblocking --os-threads":
			server.DNF = "50 connections: it ended: exit status 2; it said:\n\tpanic: oh\n\tgoroutine 1"
		}
		for step, n := range plan.IdleConnections {
			r.Idle = append(r.Idle, results.IdleCell{
				Server: s.Name, Connections: n, Wanted: n,
				Resources: &results.Resources{Window: time.Second, CPU: time.Duration(i*step) * 10 * time.Millisecond, RSS: int64(10+step*i) << 20},
			})
		}
		for w := range results.SyscallWorkloads {
			r.Syscalls = append(r.Syscalls, results.SyscallCell{
				Server: s.Name, Workload: w, Method: "perf", Requests: 1000, Calls: map[string]int64{"read": int64(1000 * (i + 1)), "write": 1000, "futex": 17},
			})
		}
		r.Time = append(r.Time, results.TimeCell{
			Server: s.Name, Workload: 1, Requests: 100_000, Samples: int64(50 + 10*i),
			Resources: &results.Resources{Window: time.Second, Cores: 1, CPU: time.Duration(52+10*i) * 10 * time.Millisecond},
			Spent: map[results.Activity]time.Duration{
				results.TimeWrite: 300 * time.Millisecond, results.TimeRead: time.Duration(10+10*i) * 10 * time.Millisecond, results.TimeCodec: 100 * time.Millisecond,
			},
		})
		for w, workload := range plan.Open {
			response := Times(t, 1000, time.Duration(20+i*i*w*w*90)*time.Microsecond)
			c := results.Cell{Server: s.Name, Workload: w, Load: load.Result{
				Seconds: 0.4, Offered: 1000, Requests: 1000, Rate: workload.Rate, Workload: workload, Response: response, Service: response,
			}}
			switch {
			case s.OneAtATime && w == 4:
				c.Load.Requests = 900
			case s.Name == "eventloop" && w == 1:
				c.Load.Void = []string{"the generator waited for its core for 9 % of the time, over 5 %"}
			}
			r.Open = append(r.Open, c)
		}
		r.Capacity = append(r.Capacity, results.Capacity{Server: s.Name, Rate: float64(1000 * (i + 1)), LowerBound: i == 0, Tries: []results.Try{
			{Rate: float64(1050 * (i + 1)), Fail: "p99", Runs: []results.Cell{{Load: load.Result{Response: load.Times{P99: 1234 * time.Microsecond}}}}},
		}})
		for round := range 3 {
			for w, workload := range plan.Workloads {
				if server.DNF != "" && w > 0 {
					continue
				}
				n := int64(30_000 * (w + 1) * (i + 1) * (100 + round) / 100)
				c := results.Cell{
					Server: s.Name, Round: round + 1, Workload: w,
					Load: load.Result{
						Seconds: 0.6, Requests: n, Rate: float64(n) / 0.6, Served: workload.Connections, Workload: workload,
						Generator: load.Generator{Busy: 0.3 * float64(w+1), Limited: w == 2},
						Response:  load.Times{P50: time.Duration(20+7*i) * time.Microsecond, P99: time.Duration(100+i*i*900*w) * time.Microsecond},
					},
					Resources: &results.Resources{
						Window: 600 * time.Millisecond, CPU: time.Duration(n) * time.Duration(9900/(5*w+1)), Voluntary: n / int64(40*w+1), Involuntary: 1000,
						Threads: 6 + 50*(i%2), RSS: int64(14+i) << 20,
					},
				}
				inFlight := float64(workload.Connections * workload.Depth)
				switch {
				case s.OneAtATime:
					c.Load.Served = 1
					inFlight = float64(workload.Depth)
				case s.Name == "multiblocking --workers 64" && w == 2:
					inFlight /= 4
				}
				c.Load.Response.Mean = inFlight / c.Load.Rate * 1e9 // Little's law
				if s.Name == "eventloop" && w == 1 {
					c.Load.Errors = load.Errors{Wrong: 1, First: "get key:000000000007: reply is {kind 3}, want {kind 2}"}
				}
				if s.Name == "singleblocking" && w == 0 {
					c.Load.Response.P99 = 0
				}
				r.Runs = append(r.Runs, c)
			}
		}
	}
	r.Environment.Pauses = results.Pauses{PerSecond: 1400, Share: 0.057, Median: 41 * time.Microsecond, Longest: time.Millisecond}
	r.StallCheck = &results.StallCheck{Server: "eventloop", Stopped: 2 * time.Second}
	r.StallCheck.Open.Response.P99, r.StallCheck.Closed.Response.P99 = 1900*time.Millisecond, 150*time.Microsecond
	r.Again = slices.Clone(r.Runs)
	for i := range r.Again {
		res := *r.Again[i].Resources
		res.CPU += res.CPU / 10
		r.Again[i].Resources = &res
	}
	r.Skip("scaling over cores: a server has one core here")
	require.NoError(t, r.Summarize())
	return r
}
