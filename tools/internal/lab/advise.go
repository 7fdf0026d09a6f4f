package lab

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ioflavors/ioflavors/common/sock"
	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// Profile is what a server is to do.
type Profile struct {
	// Connections is how many there are, and Active how many of them send
	// requests; the others are silent.
	Connections int `json:"connections"`
	Active      int `json:"active"`
	// Rate is how many requests per second are due, over all that are active.
	Rate     float64       `json:"rate"`
	Arrivals load.Arrivals `json:"arrivals"`
	Puts     float64       `json:"puts"`
	// Handler is how long each request's handler takes. It waits, for a disk or
	// another server, or it Computes.
	Handler  time.Duration `json:"handler_ns"`
	Computes bool          `json:"handler_computes,omitempty"`
	// Value is the size of the values, in bytes.
	Value int `json:"value_bytes"`
	// P99 is within what 99 of 100 requests are to be answered.
	P99 time.Duration `json:"p99_ns"`
	// Cores is how many the server may have. SpareCore: it may burn them, and
	// the least waiting counts, not the least CPU time.
	Cores     int  `json:"cores"`
	SpareCore bool `json:"spare_core,omitempty"`
}

const (
	// maxHandler is so short that each measurement has several in a row.
	maxHandler = 200 * time.Millisecond
	maxTarget  = 10 * time.Second
	// maxValue leaves room in the largest frame for the rest of it.
	maxValue = 1<<20 - 1<<10
)

// Validate returns an error if nobody could have such a server, or nobody could
// measure it.
func (p Profile) Validate() error {
	switch {
	case p.Connections < 1:
		return fmt.Errorf("%d connections: the least is 1", p.Connections)
	case p.Active < 1 || p.Active > p.Connections:
		return fmt.Errorf("%d active connections of %d: want from 1 to all of them", p.Active, p.Connections)
	case !(p.Rate > 0): // so that NaN is refused
		return fmt.Errorf("rate %v: want requests per second", p.Rate)
	case p.Handler < 0 || p.Handler > maxHandler:
		return fmt.Errorf("handler %v: want from 0 to %v", p.Handler, maxHandler)
	case p.Value < 0 || p.Value > maxValue:
		return fmt.Errorf("values of %d bytes: want from 0 to %d", p.Value, maxValue)
	case p.P99 <= 0 || p.P99 > maxTarget:
		return fmt.Errorf("p99 %v: want a time up to %v", p.P99, maxTarget)
	case p.P99 <= p.Handler:
		return fmt.Errorf("p99 %v: the handler alone takes %v", p.P99, p.Handler)
	case p.Cores < 1 || p.Cores > runtime.NumCPU():
		return fmt.Errorf("%s for the server: this machine has %d", count(p.Cores, "core"), runtime.NumCPU())
	case p.Computes && p.handling() > float64(p.Cores):
		return fmt.Errorf("%s requests/s × %v = %s cores of computing, and the server has %d: no model can do that",
			thousands(p.Rate), p.Handler, threeDigits(p.handling()), p.Cores)
	case p.handling() > float64(p.Active):
		return fmt.Errorf("%s requests/s × %v = %s requests in their handlers at any time, over %s with one at a time each: no model can do that",
			thousands(p.Rate), p.Handler, threeDigits(p.handling()), count(p.Active, "active connection"))
	}
	return load.Config{Workload: p.workload(), Duration: time.Second}.Validate()
}

// handling is how many requests are in their handlers at any time.
func (p Profile) handling() float64 { return p.Rate * p.Handler.Seconds() }

// workload is what the generator is told. The keys are few enough to be stored in
// a moment, by slow handlers too, and to leave room for the connections.
func (p Profile) workload() load.Workload {
	const data, filling = 64 << 20, 250 * time.Millisecond
	w := load.DefaultWorkload()
	w.Connections, w.Rate, w.Arrivals, w.Puts = p.Active, p.Rate, p.Arrivals, p.Puts
	w.MinValue, w.MaxValue = p.Value, p.Value
	w.Keys = min(w.Keys, data/max(1, p.Value))
	if p.Handler > 0 {
		w.Keys = min(w.Keys, max(10, int(filling/p.Handler)))
	}
	return w
}

// foretold is what arithmetic says before anything is measured.
func (p Profile) foretold() string {
	switch {
	case p.Handler == 0:
		return ""
	case p.Computes:
		return fmt.Sprintf("%s requests/s × %v of computing = %s of a core, whatever the model",
			thousands(p.Rate), p.Handler, percent(p.handling()))
	default:
		return fmt.Sprintf("%s requests/s × %v of waiting = %s in their handlers at any time; whoever handles one at a time answers %s/s at most",
			thousands(p.Rate), p.Handler, threeDigits(p.handling()), thousands(1/p.Handler.Seconds()))
	}
}

// fit returns the profile with no more connections than this machine has room
// for, by so many descriptors in each process.
func (p Profile) fit(descriptors int) Profile {
	const (
		reserve = 100    // for all else that is open, here and in the server
		ports   = 28_000 // that Linux gives to those who connect
	)
	room := max(1, min(descriptors-reserve, ports))
	p.Connections = min(p.Connections, room)
	p.Active = min(p.Active, room)
	return p
}

// AdviseConfig is what Advise needs to know.
type AdviseConfig struct {
	Profile
	Subjects []Subject
	// Repeats is how often each model is measured.
	Repeats int
	// Duration is how long each time; 0: as long as the rate asks for.
	Duration time.Duration
	Seed     uint64
	// Command is the command that does the same again.
	Command []string
	// Progress is told how far the run is. May be nil.
	Progress *Progress

	descriptors int // there may be, in tests; 0: as the system says
}

// Sample is one measurement of one model.
type Sample struct {
	Model string `json:"model"`
	// Repeat is counted from 1. Probe is what was different from the profile, and
	// then there is no repeat.
	Repeat int    `json:"repeat,omitempty"`
	Probe  string `json:"probe,omitempty"`
	// Silent is how many silent connections there were, and Short why not all.
	Silent int    `json:"silent"`
	Short  string `json:"short,omitempty"`
	// Base is the server's memory (RSS) without connections, in bytes, and Held
	// with the silent ones; 0: not known. Idle is the share of a core that it used
	// then, or waited for; nil: not known.
	Base int64    `json:"rss_base_bytes,omitempty"`
	Held int64    `json:"rss_held_bytes,omitempty"`
	Idle *float64 `json:"idle_share,omitempty"`

	Load      load.Result `json:"load"`
	Resources *Resources  `json:"resources,omitempty"` // while it was loaded
	// Error is how the server ended that did.
	Error string `json:"error,omitempty"`

	unavailable string // why this system cannot run the server; empty: it can
}

// AdviceSchema is the version of Advice in JSON.
const AdviceSchema = "ioflavors-advice/1"

// Advice is a recommendation and what it rests on.
type Advice struct {
	Schema   string    `json:"schema"`
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished"`
	Complete bool      `json:"complete"`
	Command  []string  `json:"command"`
	// Profile is what was asked, Measured what of it this machine had room for.
	Profile     Profile       `json:"profile"`
	Measured    Profile       `json:"measured"`
	Repeats     int           `json:"repeats"`
	Duration    time.Duration `json:"duration_ns"`
	Seed        uint64        `json:"seed"`
	Environment Environment   `json:"environment"`

	// Sentence is the answer. Recommended is the model, and RunnerUp the one
	// that would be without it; empty: none. Because is what decided between
	// them.
	Sentence    string `json:"sentence"`
	Recommended string `json:"recommended,omitempty"`
	RunnerUp    string `json:"runner_up,omitempty"`
	Because     string `json:"because,omitempty"`
	// Needs is what the recommended model asks of a system that others do not.
	Needs string `json:"needs,omitempty"`
	// Options are the models: first those that qualify, the best first.
	Options []Option `json:"options"`
	Changes []Change `json:"changes,omitempty"`
	// NotAvailable are models that this system cannot run: they were started once,
	// and are no options.
	NotAvailable []Absentee `json:"not_available,omitempty"`
	// Foretold is what arithmetic said beforehand, Limits what this machine could
	// not show.
	Foretold string   `json:"foretold,omitempty"`
	Limits   []string `json:"limits,omitempty"`

	Samples []Sample `json:"samples"`

	subjects []Subject
}

// Absentee is a model that this system cannot run, and why, as it says itself.
type Absentee struct {
	Model  string `json:"model"`
	Reason string `json:"reason"`
}

// Change is what would change the answer, or that it would not.
type Change struct {
	Text string `json:"text"`
	// Measured: it was tried; otherwise it is computed from what was measured.
	Measured bool `json:"measured"`
}

// Validate returns an error if Advise would refuse the configuration.
func (cfg AdviseConfig) Validate() error {
	if err := cfg.Profile.Validate(); err != nil {
		return err
	}
	if err := distinct(cfg.Subjects); err != nil {
		return err
	}
	if cfg.Repeats < 1 {
		return fmt.Errorf("%d repeats: the least is 1", cfg.Repeats)
	}
	if cfg.Duration != 0 && (cfg.Duration < minCell || cfg.Duration > maxCell) {
		return fmt.Errorf("duration %v: want from %v to %v", cfg.Duration, minCell, maxCell)
	}
	return nil
}

// Advise measures every model under the profile and recommends one. An error
// means that it could not do its work, or was interrupted; advice that is not nil
// holds what was measured so far.
func Advise(ctx context.Context, cfg AdviseConfig) (*Advice, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	procs := runtime.GOMAXPROCS(0)
	pins, unpin, err := pinSelfBeside(cfg.Cores)
	if err != nil {
		return nil, fmt.Errorf("pin the load to a core: %w", err)
	}
	defer unpin()
	descriptors := cfg.descriptors
	if descriptors == 0 {
		descriptors = sock.DescriptorLimit()
	}
	a := &Advice{
		Schema:      AdviceSchema,
		Started:     time.Now(),
		Command:     cfg.Command,
		Profile:     cfg.Profile,
		Measured:    cfg.Profile.fit(descriptors),
		Repeats:     cfg.Repeats,
		Duration:    cfg.Duration,
		Seed:        cfg.Seed,
		Environment: environment(procs, pins),
		Foretold:    cfg.foretold(),
		subjects:    cfg.Subjects,
	}
	if pins.on {
		a.Environment.ServerProcs = 1 + len(pins.more)
	}
	if a.Duration == 0 {
		a.Duration = a.Profile.duration()
	}
	v := &adviser{bench: &bench{pins: pins, progress: cfg.Progress}, advice: a}
	if v.bench.progress == nil {
		v.bench.progress = new(Progress)
	}
	before, known := readClocks()
	err = survive(func() error { return v.run(ctx) })
	if after, ok := readClocks(); known && ok {
		a.Environment.disturbed(before, after)
	}
	a.Finished = time.Now()
	a.Complete = err == nil
	return a, errors.Join(err, a.conclude())
}

// duration is long enough for a p99 that is no chance, unless that takes long.
func (p Profile) duration() time.Duration {
	const requests = 1_500
	return min(max(seconds(requests/p.Rate), time.Second), 4*time.Second)
}

// What a measurement takes besides, about.
const (
	holdTime  = 120 * time.Microsecond // to open a silent connection
	lookTime  = 100 * time.Millisecond // for which a server with nothing to do is looked at
	probeRuns = 4
)

// adviser is a run of Advise.
type adviser struct {
	bench  *bench
	advice *Advice
}

// takes is how long a measurement of such a profile takes, about.
func (v *adviser) takes(p Profile) time.Duration {
	w := p.workload()
	filling := time.Duration(w.Keys) * max(p.Handler, 5*time.Microsecond)
	silent := time.Duration(p.Connections-p.Active) * holdTime
	return visitTime + filling + silent + settleTime + lookTime + p.warmup() + v.advice.Duration
}

// warmup is longer than the first requests take.
func (p Profile) warmup() time.Duration { return max(250*time.Millisecond, 2*p.Handler) }

// drain is for how long late replies are waited for.
func (p Profile) drain() time.Duration { return min(max(openDrain, 2*p.P99), 2*time.Second) }

// run measures all models, in an order that is shuffled anew for each repeat,
// and then tries what would change the answer.
func (v *adviser) run(ctx context.Context) error {
	a, progress := v.advice, v.bench.progress
	each := v.takes(a.Measured)
	total := probeRuns * each
	for _, s := range a.subjects {
		total += each
		if foreseen(a.Profile, s) == "" {
			total += time.Duration(a.Repeats-1) * each
		}
	}
	progress.start(nil, total)
	defer progress.end()
	if a.Foretold != "" {
		progress.tell(a.Foretold)
	}
	a.Environment.Pauses = measurePauses()
	random := rand.New(rand.NewPCG(a.Seed, 0))
	hopeless, before := make(map[string]bool), make(map[string]*Sample)
	for repeat := 1; repeat <= a.Repeats; repeat++ {
		order := slices.Clone(a.subjects)
		random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, s := range order {
			if hopeless[s.Name] {
				if foreseen(a.Profile, s) == "" { // that was planned
					progress.finished(each, "")
				}
				continue
			}
			sample, err := v.sample(ctx, s, a.Measured, a.Seed+uint64(repeat))
			if err != nil {
				return err
			}
			if sample.unavailable != "" && before[s.Name] == nil {
				planned := each
				if foreseen(a.Profile, s) == "" {
					planned *= time.Duration(a.Repeats)
				}
				progress.finished(planned, a.leaveOut(s, sample.unavailable))
				continue
			}
			sample.Repeat = repeat
			a.Samples = append(a.Samples, sample)
			hopeless[s.Name] = foreseen(a.Profile, s) != "" || sample.hopeless(before[s.Name])
			before[s.Name] = &sample
			progress.finished(each, fmt.Sprintf("%d of %d: %s: %s", repeat, a.Repeats, s.Name, sample.digest()))
		}
	}
	if err := v.again(ctx); err != nil {
		return err
	}
	return v.probes(ctx, each)
}

// leaveOut takes a model out that this system cannot run, and returns what to
// tell.
func (a *Advice) leaveOut(s Subject, why string) string {
	a.NotAvailable = append(a.NotAvailable, Absentee{s.Name, why})
	a.subjects = slices.DeleteFunc(slices.Clone(a.subjects), func(other Subject) bool { return other.Name == s.Name })
	return fmt.Sprintf("%s: %s: %s", s.Name, unavailableMark, why)
}

// again measures once more the models of which nothing is known, and yet once
// more; but a machine that spoils everything is not waited for.
func (v *adviser) again(ctx context.Context) error {
	a := v.advice
	const times, most = 2, 6
	done := 0
	for try := range times {
		options, _, err := a.ranked()
		if err != nil {
			return err
		}
		for _, o := range options {
			if o.Counted > 0 || o.Foreseen || done == most {
				continue
			}
			done++
			i := slices.IndexFunc(a.subjects, func(s Subject) bool { return s.Name == o.Model })
			repeat := a.Repeats + 1 + try
			sample, err := v.sample(ctx, a.subjects[i], a.Measured, a.Seed+uint64(repeat))
			if err != nil {
				return err
			}
			sample.Repeat = repeat
			a.Samples = append(a.Samples, sample)
			v.bench.progress.finished(0, fmt.Sprintf("again, for it was void: %s: %s", o.Model, sample.digest()))
		}
	}
	return nil
}

// sample measures one model under a profile, in a fresh process. What is wrong
// with the server is part of it; an error means that there is no use in going on.
func (v *adviser) sample(ctx context.Context, s Subject, p Profile, seed uint64) (Sample, error) {
	sample := Sample{Model: s.Name}
	err := v.measure(ctx, s, p, seed, &sample)
	if ctx.Err() != nil {
		return sample, ctx.Err()
	}
	if err != nil {
		sample.Error = err.Error()
		var missing *unavailableError
		if errors.As(err, &missing) {
			sample.unavailable = missing.reason
		}
	}
	return sample, nil
}

func (v *adviser) measure(ctx context.Context, s Subject, p Profile, seed uint64, sample *Sample) error {
	server, err := startProcess(ctx, withFlags(s, p), v.bench.pins)
	if err != nil {
		return err
	}
	// Nobody waits for what it still has to do: with slow handlers that is much.
	defer server.kill()
	w := p.workload()
	if err := server.serves(ctx, s, w); err != nil {
		return err
	}
	storing, cancel := context.WithTimeoutCause(ctx, preloadTimeout, fmt.Errorf("storing the keys takes more than %v", preloadTimeout))
	defer cancel()
	if err := load.Preload(storing, load.Config{Addr: server.addr, Workload: w}); err != nil {
		return errors.Join(server.failure(), err)
	}
	if m, err := processMemory(server.pid); err == nil {
		sample.Base = m.rss
	}
	// Whoever serves one client at a time would serve a silent one.
	if !s.OneAtATime {
		var silent []net.Conn
		defer func() {
			for _, c := range silent {
				abort(c)
			}
		}()
		if silent, sample.Silent, sample.Short, err = connectSilent(ctx, server.addr, nil, p.Connections-p.Active); err != nil {
			return errors.Join(server.failure(), err)
		}
		if err := v.look(ctx, server, sample); err != nil {
			return err
		}
	}
	var cell Cell
	err = v.bench.measure(server, &cell, func(begin, end func()) (err error) {
		cell.Load, err = load.Run(ctx, load.Config{
			Addr:     server.addr,
			Workload: w,
			Warmup:   p.warmup(),
			Duration: v.advice.Duration,
			Drain:    p.drain(),
			MayWait:  s.OneAtATime,
			Spin:     v.bench.pins.on,
			Seed:     seed,
			Begin:    begin,
			End:      end,
		})
		return err
	})
	sample.Load, sample.Resources = cell.Load, cell.Resources
	return err
}

// look looks at a server that has nothing to do but to hold silent connections.
func (v *adviser) look(ctx context.Context, server *process, sample *Sample) error {
	if err := sleep(ctx, settleTime); err != nil {
		return err
	}
	m, err := server.meter(ctx, lookTime)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return server.failure() // or it is not known on this system
	}
	if wanted, known := m.used.Wanted(); known {
		sample.Idle = &wanted
	}
	sample.Held = m.used.RSS
	return nil
}

// withFlags returns the subject as it is started for a profile: with a place for
// each connection, and no limit on their silence.
func withFlags(s Subject, p Profile) Subject {
	s.Command = slices.Concat(s.Command, []string{"--max-conns", strconv.Itoa(p.Connections + 16)})
	if !s.OneAtATime {
		s.Command = append(s.Command, "--idle-timeout", "-1")
	}
	if p.Handler > 0 {
		how := "--slow-sleep"
		if p.Computes {
			how = "--slow-burn"
		}
		s.Command = append(s.Command, "--slow-prefix", "key:", how, p.Handler.String())
	}
	return s
}

// option returns the number behind an option in a model's name, or else the
// given one.
func option(name, flag string, otherwise int) int {
	words := strings.Fields(name)
	if i := slices.Index(words, flag); i >= 0 && i+1 < len(words) {
		if n, err := strconv.Atoi(words[i+1]); err == nil {
			return n
		}
	}
	return otherwise
}

// parallel returns how many handlers a model runs at a time, at most.
func parallel(name string) int {
	switch model, _, _ := strings.Cut(name, " "); model {
	case "singleblocking", "busywait", "iouring":
		return 1
	case "eventloop":
		return option(name, "--loops", 1)
	case "multiblocking":
		return option(name, "--workers", math.MaxInt)
	default:
		return math.MaxInt
	}
}

// serves returns how many clients a model serves at a time, at most.
func serves(s Subject) int {
	if s.OneAtATime {
		return 1
	}
	return option(s.Name, "--workers", math.MaxInt)
}

// foreseen returns why a model cannot do what the profile asks, as arithmetic
// knows it beforehand; empty: it may. It is measured once all the same.
func foreseen(p Profile, s Subject) string {
	at := parallel(s.Name)
	switch n := serves(s); {
	case n < p.Connections && n == 1:
		return "serves one client at a time; the others wait until it leaves"
	case n < p.Connections:
		return fmt.Sprintf("serves %d clients at a time, silent ones too; the others wait until one leaves", n)
	case p.handling() > float64(at) && at == 1:
		return fmt.Sprintf("handles one request at a time: %s/s at most", thousands(1/p.Handler.Seconds()))
	case p.handling() > float64(at):
		return fmt.Sprintf("handles %d requests at a time: %s/s at most", at, thousands(float64(at)/p.Handler.Seconds()))
	}
	return ""
}
