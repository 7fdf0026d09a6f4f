// Package advise recommends a model for a profile. It measures every model under the
// profile, and says which one to take, why, and what would change the answer.
package advise

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/ioflavors/ioflavors/common/sock"
	"github.com/ioflavors/ioflavors/tools/internal/bench"
	"github.com/ioflavors/ioflavors/tools/internal/generator"
	"github.com/ioflavors/ioflavors/tools/internal/models"
	"github.com/ioflavors/ioflavors/tools/internal/proc"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/term"
	"github.com/ioflavors/ioflavors/tools/internal/text"
)

// Config is the configuration of Run.
type Config struct {
	Profile
	Targets []results.Target
	// Repeats is the number of measurements of each model.
	Repeats int
	// Duration is the length of a measurement; 0: as long as the rate requires.
	Duration time.Duration
	Seed     uint64
	// Command is the command that repeats the run.
	Command []string
	// Progress shows how far the run is; nil: nothing shows it.
	Progress *term.Progress

	descriptors int // the limit, in tests; 0: the system's
}

// Schema is the version of Advice in JSON.
const Schema = "ioflavors-advice/1"

// Advice is a recommendation and its reasons.
type Advice struct {
	Schema   string    `json:"schema"`
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished"`
	Complete bool      `json:"complete"`
	Command  []string  `json:"command"`
	// Profile is the question, and Measured the part of it for which this machine had
	// room.
	Profile     Profile             `json:"profile"`
	Measured    Profile             `json:"measured"`
	Repeats     int                 `json:"repeats"`
	Duration    time.Duration       `json:"duration_ns"`
	Seed        uint64              `json:"seed"`
	Environment results.Environment `json:"environment"`

	// Sentence is the answer. Recommended is the model, and RunnerUp the next best;
	// empty: there is none. Because says what decided between them.
	Sentence    string `json:"sentence"`
	Recommended string `json:"recommended,omitempty"`
	RunnerUp    string `json:"runner_up,omitempty"`
	Because     string `json:"because,omitempty"`
	// Void: there is no recommendation, and the machine was too busy to tell whether
	// there is one.
	Void bool `json:"void,omitempty"`
	// Needs says what the recommended model requires of a system and other models do
	// not.
	Needs string `json:"needs,omitempty"`
	// Options are the models: first the ones that qualify, the best one at the top.
	Options []Option `json:"options"`
	Changes []Change `json:"changes,omitempty"`
	// NotAvailable are the models that this system cannot run, or that the user's
	// command does not know. They were started once.
	NotAvailable []Absentee `json:"not_available,omitempty"`
	// Foretold is the result of arithmetic before the run, and Limits is what this
	// machine could not show.
	Foretold string   `json:"foretold,omitempty"`
	Limits   []string `json:"limits,omitempty"`
	// Setup says how to run the recommended model; nil: there is none.
	Setup *Setup `json:"setup,omitempty"`

	Samples []Sample `json:"samples"`

	targets     []results.Target
	descriptors int // the limit
}

// Absentee is a model that this system cannot run, with the reason that the model
// gives.
type Absentee struct {
	Model  string `json:"model"`
	Reason string `json:"reason"`
	// Refused: it is the user's command that refuses the model, by its exit code.
	Refused bool `json:"refused,omitempty"`
}

// why says why the model was not measured, and mark says so in a table.
func (x Absentee) why() string {
	if x.Refused {
		return "the command refuses it: " + x.Reason
	}
	return "it is not available here: " + x.Reason
}

func (x Absentee) mark() string {
	if x.Refused {
		return "LEFT OUT"
	}
	return text.UnavailableMark
}

// Change is a change of the profile, and whether it would change the answer.
type Change struct {
	Text string `json:"text"`
	// Measured: it was tried. Otherwise it is computed from the measurements.
	Measured bool `json:"measured"`
}

// Validate returns an error if Run would refuse the configuration.
func (cfg Config) Validate() error {
	if err := cfg.Profile.Validate(); err != nil {
		return err
	}
	if err := models.Distinct(cfg.Targets); err != nil {
		return err
	}
	if cfg.Repeats < 1 {
		return fmt.Errorf("%d repeats: the least is 1", cfg.Repeats)
	}
	if cfg.Duration != 0 && (cfg.Duration < bench.MinCell || cfg.Duration > bench.MaxCell) {
		return fmt.Errorf("duration %v: want from %v to %v", cfg.Duration, bench.MinCell, bench.MaxCell)
	}
	return nil
}

// Run measures every model under the profile and recommends one. An error means that
// Run failed or was interrupted; advice that is not nil has the measurements until
// then.
func Run(ctx context.Context, cfg Config) (*Advice, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	procs := runtime.GOMAXPROCS(0)
	pins, unpin, err := proc.PinSelfBeside(cfg.Cores)
	if err != nil {
		return nil, fmt.Errorf("pin the load to a core: %w", err)
	}
	defer unpin()
	descriptors := cfg.descriptors
	if descriptors == 0 {
		descriptors = sock.DescriptorLimit()
	}
	a := &Advice{
		Schema:      Schema,
		Started:     time.Now(),
		Command:     cfg.Command,
		Profile:     cfg.Profile,
		Measured:    cfg.Profile.fit(descriptors),
		Repeats:     cfg.Repeats,
		Duration:    cfg.Duration,
		Seed:        cfg.Seed,
		Environment: proc.Environment(procs, pins),
		Foretold:    cfg.foretold(),
		targets:     cfg.Targets,
		descriptors: descriptors,
	}
	if pins.On {
		a.Environment.ServerProcs = 1 + len(pins.More)
	}
	if a.Duration == 0 {
		a.Duration = a.Profile.duration()
	}
	v := &adviser{bench: &bench.Bench{Pins: pins}, progress: cfg.Progress, advice: a}
	if v.progress == nil {
		v.progress = new(term.Progress)
	}
	before, known := proc.ReadClocks()
	err = bench.Survive(func() error { return v.run(ctx) })
	if after, ok := proc.ReadClocks(); known && ok {
		proc.NoteDisturbance(&a.Environment, before, after)
	}
	a.Finished = time.Now()
	a.Complete = err == nil
	return a, errors.Join(err, a.conclude())
}

// About how long further parts of a measurement take.
const (
	holdTime  = 120 * time.Microsecond // to open a silent connection
	lookTime  = 100 * time.Millisecond // to measure an idle server
	probeRuns = 4
)

// adviser is a call of Run.
type adviser struct {
	bench    *bench.Bench
	progress *term.Progress
	advice   *Advice
}

// takes returns about how long a measurement under a profile takes.
func (v *adviser) takes(p Profile) time.Duration {
	return bench.StartStopTime + p.filling() + p.opening() + bench.SettleTime + lookTime + p.warmup() + v.advice.Duration
}

// run measures all models, in an order that is shuffled for each repeat. Then it
// tries what would change the answer.
func (v *adviser) run(ctx context.Context) error {
	a, progress := v.advice, v.progress
	each := v.takes(a.Measured)
	total := probeRuns * each
	for _, s := range a.targets {
		total += each
		if foreseen(a.Profile, s) == "" {
			total += time.Duration(a.Repeats-1) * each
		}
	}
	progress.Start(total)
	defer progress.End()
	if a.Foretold != "" {
		progress.Tell(a.Foretold)
	}
	a.Environment.Pauses = proc.MeasurePauses()
	random := rand.New(rand.NewPCG(a.Seed, 0))
	hopeless, before := make(map[string]bool), make(map[string]*Sample)
	for repeat := 1; repeat <= a.Repeats; repeat++ {
		order := slices.Clone(a.targets)
		random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, s := range order {
			if hopeless[s.Name] {
				if foreseen(a.Profile, s) == "" { // its further measurements were planned
					progress.Finished(each, "")
				}
				continue
			}
			sample, err := v.sample(ctx, s, a.Measured, a.Seed+uint64(repeat))
			if err != nil {
				return err
			}
			if sample.absent != nil && before[s.Name] == nil {
				planned := each
				if foreseen(a.Profile, s) == "" {
					planned *= time.Duration(a.Repeats)
				}
				progress.Finished(planned, a.leaveOut(*sample.absent))
				continue
			}
			sample.Repeat = repeat
			a.Samples = append(a.Samples, sample)
			hopeless[s.Name] = foreseen(a.Profile, s) != "" || sample.hopeless(before[s.Name])
			before[s.Name] = &sample
			progress.Finished(each, fmt.Sprintf("%d of %d: %s: %s", repeat, a.Repeats, s.Name, sample.digest()))
		}
	}
	if err := v.again(ctx); err != nil {
		return err
	}
	return v.probes(ctx, each)
}

// leaveOut removes a model that cannot be measured, and returns a line about it.
func (a *Advice) leaveOut(x Absentee) string {
	a.NotAvailable = append(a.NotAvailable, x)
	a.targets = slices.DeleteFunc(slices.Clone(a.targets), func(s results.Target) bool { return s.Name == x.Model })
	return fmt.Sprintf("%s: %s: %s", x.Model, x.mark(), x.Reason)
}

// again measures the models about which nothing is known, at most twice each. The
// number of all these measurements has a limit, because a machine may void every one.
func (v *adviser) again(ctx context.Context) error {
	a := v.advice
	const times, most = 2, 6
	done := 0
	for try := range times {
		options, _, err := a.ranked()
		if err != nil {
			return err
		}
		void := unjudged(options)
		void = void[:min(len(void), most-done)]
		if len(void) > 0 {
			v.progress.Extend(time.Duration(len(void))*v.takes(a.Measured), "nothing is known yet of "+strings.Join(void, ", "))
		}
		for _, model := range void {
			done++
			i := slices.IndexFunc(a.targets, func(s results.Target) bool { return s.Name == model })
			repeat := a.Repeats + 1 + try
			sample, err := v.sample(ctx, a.targets[i], a.Measured, a.Seed+uint64(repeat))
			if err != nil {
				return err
			}
			sample.Repeat = repeat
			a.Samples = append(a.Samples, sample)
			v.progress.Finished(v.takes(a.Measured), fmt.Sprintf("again: %s: %s", model, sample.digest()))
		}
	}
	return nil
}

// sample measures one model under a profile, in a new process. A server's fault
// becomes a part of the sample; an error means that going on is useless.
func (v *adviser) sample(ctx context.Context, s results.Target, p Profile, seed uint64) (Sample, error) {
	sample := Sample{Model: s.Name}
	err := v.measure(ctx, s, p, seed, &sample)
	if ctx.Err() != nil {
		return sample, ctx.Err()
	}
	if err != nil {
		sample.Error = err.Error()
		var missing *proc.UnavailableError
		var refused *proc.UsageError
		switch {
		case errors.As(err, &missing):
			sample.absent = &Absentee{Model: s.Name, Reason: missing.Reason}
		case s.Linked && errors.As(err, &refused):
			sample.absent = &Absentee{Model: s.Name, Reason: refused.Reason, Refused: true}
		}
	}
	return sample, nil
}

func (v *adviser) measure(ctx context.Context, s results.Target, p Profile, seed uint64, sample *Sample) error {
	server, err := proc.Start(ctx, withFlags(s, p), v.bench.Pins)
	if err != nil {
		return err
	}
	// Kill does not wait for the requests that are left, because slow handlers would
	// take long.
	defer server.Kill()
	w := p.workload()
	if err := server.Serves(ctx, s, w); err != nil {
		return err
	}
	began := lookAt(v.bench, server)
	storing, cancel := context.WithTimeoutCause(ctx, bench.PreloadTimeout, fmt.Errorf("%s takes more than %v", map[bool]string{true: "trying the exchanges", false: "storing the keys"}[p.Exchanges != nil], bench.PreloadTimeout))
	defer cancel()
	if err := generator.Preload(storing, generator.Config{Addr: server.Addr, Workload: w}); err != nil {
		if storing.Err() != nil {
			sample.Taken = began.since().Taken()
		}
		return errors.Join(server.Failure(), err)
	}
	sample.took(map[bool]string{true: "to try the exchanges", false: "to store the keys"}[p.Exchanges != nil], began, p.filling())
	if m, err := proc.MemoryOf(server.PID); err == nil {
		sample.Base = m.RSS
	}
	// A server that serves one client at a time would serve a silent client only.
	if !s.OneAtATime {
		var silent []net.Conn
		defer func() {
			for _, c := range silent {
				bench.Abort(c)
			}
		}()
		if silent, err = v.open(ctx, server, s, p.Connections-p.Active, sample); err != nil {
			return errors.Join(server.Failure(), err)
		}
		if sample.Taken != "" {
			return server.Failure() // fewer connections are another profile
		}
		if err := v.look(ctx, server, sample); err != nil {
			return err
		}
	}
	var cell results.Cell
	err = v.bench.Measure(server, &cell, func(begin, end func()) (err error) {
		cell.Load, err = generator.Run(ctx, generator.Config{
			Addr:     server.Addr,
			Workload: w,
			Warmup:   p.warmup(),
			Duration: v.advice.Duration,
			Drain:    p.drain(),
			MayWait:  s.OneAtATime,
			Spin:     v.bench.Pins.On,
			Seed:     seed,
			Begin:    begin,
			End:      end,
		})
		return err
	})
	sample.Load, sample.Resources = cell.Load, cell.Resources
	return err
}

// look measures a server that only holds silent connections.
func (v *adviser) look(ctx context.Context, server *proc.Process, sample *Sample) error {
	if err := proc.Sleep(ctx, bench.SettleTime); err != nil {
		return err
	}
	m, err := server.Meter(ctx, lookTime)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return server.Failure() // nil: this system does not tell
	}
	if idle, known := idleShareOf(m.Used); known {
		sample.Idle = &idle
	}
	sample.Held = m.Used.RSS
	return nil
}

// idleShareOf returns the share of a core that a server with nothing to do used or
// waited for. A server that hardly ran only woke now and then, so its waits for a
// core are the machine's.
func idleShareOf(used *results.Resources) (share float64, known bool) {
	const hardly = 0.05
	if share, known = used.Share(); share < hardly {
		return share, known
	}
	return used.Wanted()
}

// withFlags returns the target with the flags for a profile: the limits that it
// needs, and a store as slow as the profile's handlers.
func withFlags(s results.Target, p Profile) results.Target {
	limits, _ := p.limits(s)
	s.Command = slices.Concat(s.Command, limitFlags(limits))
	if p.Handler > 0 {
		how := "--slow-sleep"
		if p.Computes {
			how = "--slow-burn"
		}
		s.Command = append(s.Command, "--slow-prefix", "key:", how, p.Handler.String())
	}
	return s
}
