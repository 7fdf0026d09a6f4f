package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"github.com/ioflavors/ioflavors/tools/internal/lab"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/report"
)

type labCmd struct {
	Only     []string      `placeholder:"PART" help:"Measure these only: closed (what a request costs), open (response times at given rates), idle (silent connections), syscalls, capacity (under an SLO), proof (the lab's test of itself), claims (the article's, those that are quick to test); without it, all but capacity. Or E0 to E12, a claim each and all that it needs. Or models, as --models takes them. Give it again, or separate names by commas."`
	Models   []string      `placeholder:"NAME" help:"Measure these models only: eventloop for all its variants, 'eventloop --loops 2' for one. Give it again, or separate names by commas."`
	Server   []string      `placeholder:"NAME=CMD" sep:"none" help:"Measure your own server as well. CMD starts it, without a shell and as one process, and has {addr} or {port} where it is to listen. One that speaks another protocol says so before its name: resp+NAME=CMD, or memcached+NAME=CMD. Give it again for more."`
	Peers    bool          `help:"Measure as well, to compare with: servers on gnet, netpoll, nbio and the standard library, built from the source checkout around the working directory (tools/peers), and Redis and memcached where they are installed. --models peer, or 'peer gnet', picks from them."`
	Rounds   int           `placeholder:"N" help:"How often each server is started and measured (default 6; with --quick 1)."`
	Duration time.Duration `placeholder:"TIME" help:"How long each workload is measured in a round, 50ms to 5s (default 125ms; with --quick 200ms, with --full 1s)."`
	Shape    []shape       `placeholder:"CxD" help:"How much a closed loop has in flight: connections times the depth of each (default 1x1, 50x1, 50x16). Give it again, or separate shapes by commas."`
	Puts     float64       `default:"0.1" placeholder:"SHARE" help:"Share of puts, 0 to 1; the others are gets (default ${default})."`
	Keys     int           `default:"10000" placeholder:"N" help:"How many keys there are (default ${default})."`
	Value    sizes         `default:"64" placeholder:"SIZE" help:"Size of the values in bytes, or a range of sizes: 16-4096 (default ${default})."`
	Arrivals load.Arrivals `default:"constant" enum:"poisson,constant" help:"How an open loop's requests are spread over time: constant, as a clock ticks, or poisson, at random (default ${default})."`
	SLO      time.Duration `default:"1ms" placeholder:"TIME" help:"The p99 within which capacity is searched for (default ${default})."`
	Seed     uint64        `default:"1" help:"Makes the order of the servers and the sequences of requests (default ${default})."`
	Out      string        `default:"lab-out" placeholder:"DIR" type:"path" help:"Where results.json, report.html and its pictures go (default ${default})."`
	Quick    bool          `xor:"size" help:"A look in a minute, which proves that everything works and measures little."`
	Full     bool          `xor:"size" help:"Careful: longer measurements, and each server's capacity. It says how long that takes."`
	Claims   bool          `xor:"size" help:"Put all of the article's claims to the test, with the time that they need: about six minutes."`
	NoPin    bool          `help:"Do not give servers and load a core each."`
}

// exitVoid says, as load's does, that a run shows next to nothing.
const exitVoid = 3

// Help is what lab --help says besides.
func (*labCmd) Help() string {
	return `Exit codes: 0 there are results, and no server failed; 1 a server failed, or the lab could not do its work; 2 wrong flags; ` +
		`3 the run is void: over half of the open loop's cells show nothing, not even a median, or none of the claims could be decided; 130 interrupted.`
}

func (c *labCmd) Run(ctx context.Context) error {
	cfg, cleanUp, err := c.config()
	if err != nil {
		return &exitError{2, err.Error()}
	}
	defer cleanUp()
	results, err := lab.Run(ctx, cfg)
	if results == nil {
		return err
	}
	interrupted := errors.Is(err, context.Canceled)
	if err != nil && !interrupted {
		fmt.Fprintln(os.Stderr, "ioflavors:", err)
	}
	if reportErr := results.Report(os.Stdout, style(os.Stdout), width(os.Stdout)); reportErr != nil {
		return reportErr
	}
	name, writeErr := results.Write(c.Out)
	if writeErr != nil {
		return writeErr
	}
	pages, writeErr := report.Write(c.Out, results)
	if writeErr != nil {
		return writeErr
	}
	fmt.Println("→", pages[0], "·", name)
	switch {
	case interrupted:
		return &exitError{130, "interrupted; what was measured until then is above"}
	case err != nil:
		return &exitError{code: 1}
	default:
		return verdict(results)
	}
}

// config returns what to run, and what to do when it is over.
func (c *labCmd) config() (lab.Config, func(), error) {
	cleanUp := func() {}
	program, err := os.Executable()
	if err != nil {
		return lab.Config{}, nil, err
	}
	models, parts, experiments := c.Models, []lab.Part(nil), []string(nil)
	for _, name := range c.Only {
		if part := lab.Part(name); slices.Contains(lab.Parts, part) {
			parts = append(parts, part)
		} else if slices.ContainsFunc(lab.Experiments(), func(e *lab.Experiment) bool { return e.ID == name }) {
			experiments = append(experiments, name)
		} else {
			models = append(models, name)
		}
	}
	if c.Claims || experiments != nil {
		parts = append(parts, lab.ExperimentParts(experiments)...)
	}
	var servers []lab.Subject
	for _, text := range c.Server {
		s, err := lab.ParseServer(text)
		if err != nil {
			return lab.Config{}, nil, err
		}
		servers = append(servers, s)
	}
	subjects, notMeasured := lab.Models(program), []string(nil)
	if c.Peers {
		built, remove, err := buildPeers()
		if err != nil {
			return lab.Config{}, nil, err
		}
		cleanUp = remove
		var installed []lab.Subject
		installed, notMeasured = lab.InstalledPeers()
		subjects = slices.Concat(subjects, built, installed)
		models = lab.WithPeers(models)
	}
	subjects, err = lab.Select(subjects, models)
	if err != nil {
		cleanUp()
		return lab.Config{}, nil, fmt.Errorf("%w; parts to measure are %q", err, lab.Parts)
	}
	rounds, duration := 6, 125*time.Millisecond
	switch {
	case c.Quick:
		rounds, duration = 1, 200*time.Millisecond
	case c.Claims || experiments != nil:
		rounds = 3
	case c.Full:
		duration = time.Second
		if parts == nil {
			parts = lab.Parts
		}
	}
	mix := load.DefaultWorkload()
	mix.Puts, mix.Keys, mix.MinValue, mix.MaxValue = c.Puts, c.Keys, c.Value.min, c.Value.max
	var shapes []lab.Shape
	for _, s := range c.Shape {
		shapes = append(shapes, lab.Shape(s))
	}
	null := []string{program, "null-server", "--keys", strconv.Itoa(c.Keys), "--value", c.Value.String()}
	if runtime.NumCPU() > 1 && !c.NoPin {
		null = append(null, "--spin")
	}
	return lab.Config{
		Subjects:    slices.Concat(subjects, servers),
		Null:        lab.Subject{Name: "null", Command: null},
		Parts:       parts,
		Rounds:      cmp.Or(c.Rounds, rounds),
		Cell:        cmp.Or(c.Duration, duration),
		Shapes:      shapes,
		Mix:         &mix,
		Arrivals:    c.Arrivals,
		SLO:         c.SLO,
		Experiments: experiments,
		AllClaims:   c.Claims || c.Full || experiments != nil,
		Seed:        c.Seed,
		NoPin:       c.NoPin,
		Command:     c.command(),
		NotMeasured: notMeasured,
		Progress:    progress(os.Stderr),
	}, cleanUp, nil
}

// command returns what does the same again. Where the results go is left out.
func (c *labCmd) command() []string {
	command := []string{"ioflavors", "lab", "--seed", fmt.Sprint(c.Seed)}
	add := func(flag string, values ...string) {
		for _, v := range values {
			command = append(command, flag, v)
		}
	}
	add("--only", c.Only...)
	add("--models", c.Models...)
	add("--server", c.Server...)
	for _, f := range []struct {
		flag string
		on   bool
	}{{"--peers", c.Peers}, {"--quick", c.Quick}, {"--full", c.Full}, {"--claims", c.Claims}, {"--no-pin", c.NoPin}} {
		if f.on {
			command = append(command, f.flag)
		}
	}
	if c.Rounds != 0 {
		add("--rounds", fmt.Sprint(c.Rounds))
	}
	if c.Duration != 0 {
		add("--duration", c.Duration.String())
	}
	for _, s := range c.Shape {
		add("--shape", fmt.Sprintf("%dx%d", s.Connections, s.Depth))
	}
	add("--puts", fmt.Sprint(c.Puts))
	add("--keys", fmt.Sprint(c.Keys))
	add("--value", c.Value.String())
	add("--arrivals", string(c.Arrivals))
	add("--slo", c.SLO.String())
	return command
}

// shape is a lab.Shape, as text 50x16.
type shape lab.Shape

// Decode reads "50x16".
func (s *shape) Decode(ctx *kong.DecodeContext) error {
	var text string
	if err := ctx.Scan.PopValueInto("shape", &text); err != nil {
		return err
	}
	connections, depth, ok := strings.Cut(text, "x")
	var errConnections, errDepth error
	s.Connections, errConnections = strconv.Atoi(connections)
	s.Depth, errDepth = strconv.Atoi(depth)
	if !ok || errConnections != nil || errDepth != nil || s.Connections < 1 || s.Depth < 1 {
		return fmt.Errorf("%q is no shape: want connections times depth, as 50x16", text)
	}
	return nil
}

// verdict returns an error if a server failed, or if the run shows next to nothing,
// so that a script notices.
func verdict(r *lab.Results) error {
	if failed := r.Failed(); len(failed) > 0 {
		return &exitError{1, "errors, or not finished: " + strings.Join(failed, ", ")}
	}
	if void := r.Void(); void != "" {
		return &exitError{exitVoid, "VOID: " + void}
	}
	return nil
}

// progress writes lines, or on a terminal a table that changes.
func progress(f *os.File) *lab.Progress {
	if !terminal(f) {
		return lab.NewProgress(f)
	}
	return lab.NewLiveProgress(f, style(f), func() (columns, rows int) {
		columns, rows, err := term.GetSize(int(f.Fd()))
		if err != nil || columns <= 0 || rows <= 0 {
			return 80, 24
		}
		return columns, rows
	})
}

// width returns how many characters fit into a line.
func width(f *os.File) int {
	if columns, _, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 {
		return max(80, columns)
	}
	return 120
}

func style(f *os.File) lab.Style {
	if !terminal(f) || os.Getenv("NO_COLOR") != "" { // https://no-color.org
		return lab.Style{}
	}
	return lab.ANSI
}

// terminal reports whether f is one that understands control sequences.
func terminal(f *os.File) bool {
	return term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}
