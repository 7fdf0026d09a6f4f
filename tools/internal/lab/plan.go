package lab

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/bench"
	"github.com/ioflavors/ioflavors/tools/internal/experiments"
	"github.com/ioflavors/ioflavors/tools/internal/generator"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/models"
	"github.com/ioflavors/ioflavors/tools/internal/proc"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

const (
	defaultProfile = time.Second
	maxProfile     = bench.MaxCell

	maxIdle = 2 * time.Second
	// maxStored bounds the values that a server has to store, in bytes.
	maxStored = 4 << 30
)

// newPlan shuffles the targets for each round.
func newPlan(cfg Config) (results.Plan, error) {
	if cfg.Rounds < 1 {
		return results.Plan{}, fmt.Errorf("%d rounds: the least is 1", cfg.Rounds)
	}
	if cfg.Cell < bench.MinCell || cfg.Cell > bench.MaxCell {
		return results.Plan{}, fmt.Errorf("duration %v: a workload is measured for %v to %v", cfg.Cell, bench.MinCell, bench.MaxCell)
	}
	profile := cmp.Or(cfg.Profile, defaultProfile)
	if profile < time.Second || profile > maxProfile || profile%time.Second != 0 {
		return results.Plan{}, fmt.Errorf("profile of %v: want whole seconds, from 1 s to %v", profile, maxProfile)
	}
	if cfg.SLO < 0 {
		return results.Plan{}, fmt.Errorf("SLO %v: want a time", cfg.SLO)
	}
	parts, err := partsOf(cfg.Parts, cfg.Targets)
	if err != nil {
		return results.Plan{}, err
	}
	mix := load.DefaultWorkload()
	if cfg.Mix != nil {
		mix = *cfg.Mix
	}
	p := results.Plan{
		Seed:            cfg.Seed,
		Rounds:          cfg.Rounds,
		Parts:           parts,
		Workloads:       results.Workloads(mix, cfg.Shapes...),
		Open:            results.OpenWorkloads(mix, cfg.Arrivals),
		Cell:            cfg.Cell,
		OpenCell:        max(cfg.Cell/2, bench.MinCell),
		Warmup:          max(cfg.Cell/4, 20*time.Millisecond),
		Idle:            min(max(cfg.Cell/2, 100*time.Millisecond), maxIdle),
		IdleConnections: results.IdleSteps(),
		Profile:         profile,
		SLO:             cfg.SLO,
	}
	if stored := float64(mix.Keys) * float64(mix.MaxValue); stored > maxStored {
		return results.Plan{}, fmt.Errorf("keys × largest value size is %.0f MiB, the most is %d MiB, because every server has to hold them", stored/(1<<20), maxStored>>20)
	}
	for _, w := range p.Workloads {
		if err := (generator.Config{Workload: w, Duration: p.Cell}).Validate(); err != nil {
			return results.Plan{}, err
		}
	}
	if p.Has(results.Claims) {
		p.Experiments, p.AllClaims = cfg.Experiments, cfg.AllClaims
		if len(p.Experiments) == 0 {
			p.Experiments = experiments.For(p)
		}
		for _, id := range p.Experiments {
			if experiments.ByID(id) == nil {
				return results.Plan{}, fmt.Errorf("no experiment %q: there are %s", id, strings.Join(experiments.IDs(), ", "))
			}
			if len(cfg.Experiments) > 0 && !canTell(id, cfg.Targets) {
				return results.Plan{}, fmt.Errorf("%s: %s", id, whyLeftOut(cfg.Targets))
			}
		}
		p.Experiments = slices.DeleteFunc(p.Experiments, func(id string) bool { return !canTell(id, cfg.Targets) })
	}
	if cfg.idle != nil {
		p.IdleConnections = cfg.idle
	}
	random := rand.New(rand.NewPCG(cfg.Seed, 0))
	p.Again = cfg.Targets[0].Name
	if i := slices.IndexFunc(cfg.Targets, func(s results.Target) bool { return s.Name == models.Reference }); i >= 0 {
		p.Again = models.Reference
	}
	for range cfg.Rounds {
		order := models.TargetNames(cfg.Targets)
		random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		p.Order = append(p.Order, order)
		p.AgainAt = append(p.AgainAt, random.IntN(len(order)+1))
	}
	return p, nil
}

// canTell reports whether an experiment can tell something of one of the targets: its
// own runs are in this project's protocol, and without such runs it is about this
// project's models.
func canTell(id string, targets []results.Target) bool {
	own := !experiments.ByID(id).Foreign()
	return slices.ContainsFunc(targets, func(s results.Target) bool { return s.Ours() || !own && !s.Foreign })
}

// leftOut says which experiments are not in the plan, because they can tell nothing of
// the targets; "": there are none.
func leftOut(p results.Plan, targets []results.Target) string {
	var ids []string
	if p.Has(results.Claims) {
		ids = slices.DeleteFunc(experiments.For(p), func(id string) bool { return canTell(id, targets) })
	}
	if len(ids) == 0 {
		return ""
	}
	return fmt.Sprintf("%s: %s", strings.Join(ids, ", "), whyLeftOut(targets))
}

// whyLeftOut says why experiments can tell nothing of the targets.
func whyLeftOut(targets []results.Target) string {
	if slices.ContainsFunc(targets, func(s results.Target) bool { return !s.Foreign }) {
		return "the test needs servers that speak this project's protocol"
	}
	return "the test needs this project's models, or servers that speak its protocol"
}

// conformanceTime is about the time to check a server.
const conformanceTime = 1500 * time.Millisecond

// measureLength is about the time that a server takes in a round.
func measureLength(p results.Plan) time.Duration {
	d := bench.StartStopTime
	if p.Has(results.Closed) {
		d += time.Duration(len(p.Workloads)) * (p.Warmup + p.Cell)
	}
	if p.Has(results.OpenLoop) {
		d += time.Duration(len(p.Open)) * (p.Warmup/2 + p.OpenCell)
	}
	return d
}

// lengthOf is about the time that the plan takes for these servers.
func lengthOf(p results.Plan, servers []*results.Server) time.Duration {
	n := time.Duration(len(servers))
	var d time.Duration
	if p.Has(results.Closed) || p.Has(results.OpenLoop) {
		d += n * time.Duration(p.Rounds) * measureLength(p)
	}
	if p.Has(results.Closed) {
		d += againLength(p) // of the ceiling
	}
	if measuresAgain(p, len(servers) > 0 && servers[0].Running()) {
		d += time.Duration(p.Rounds) * againLength(p)
	}
	if p.Has(results.Stall) {
		d += stallCheckTime
	}
	for _, s := range servers {
		if s.Checked() {
			d += conformanceTime
		}
		if p.Has(results.Idle) {
			d += idleTime(p, s)
		}
		if p.Has(results.Syscalls) {
			d += syscallTime(p, s)
		}
		if p.Has(results.Profile) {
			d += profileTime(p, s)
		}
		for _, id := range p.Experiments {
			d += experiments.ByID(id).Length(p, s)
		}
		if p.Has(results.Capacities) {
			d += capacityTime(p, s)
		}
	}
	return d
}

func idleTime(p results.Plan, s *results.Server) time.Duration {
	const connecting = time.Second // ten thousand connections
	if s.OneAtATime {
		return 2 * (bench.SettleTime + p.Idle)
	}
	return bench.StartStopTime + time.Duration(len(p.IdleConnections))*(bench.SettleTime+p.Idle) + connecting
}

func syscallTime(p results.Plan, _ *results.Server) time.Duration {
	return bench.StartStopTime + results.SyscallWorkloads*(proc.TracerTime+p.Warmup+p.Idle)
}

func profileTime(p results.Plan, s *results.Server) time.Duration {
	if s.Foreign {
		return 0
	}
	const reading = 200 * time.Millisecond // until the server has made the profile
	return bench.StartStopTime + p.Warmup + p.Profile + reading
}

func capacityTime(p results.Plan, _ *results.Server) time.Duration {
	cells := 12 * carefulSearch.repeats // about
	return bench.StartStopTime + time.Duration(cells)*(p.Warmup/2+p.Cell)
}

// againLength is about the time of a server's second measurement in a round.
func againLength(p results.Plan) time.Duration {
	p.Parts = []results.Part{results.Closed}
	return measureLength(p)
}
