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

	"github.com/ioflavors/ioflavors/tools/internal/answer"
	"github.com/ioflavors/ioflavors/tools/internal/experiments"
	"github.com/ioflavors/ioflavors/tools/internal/folder"
	"github.com/ioflavors/ioflavors/tools/internal/lab"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/models"
	"github.com/ioflavors/ioflavors/tools/internal/nearest"
	"github.com/ioflavors/ioflavors/tools/internal/report"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/self"
	"github.com/ioflavors/ioflavors/tools/internal/stdout"
	"github.com/ioflavors/ioflavors/tools/internal/text"
)

type labCmd struct {
	Only      []string      `placeholder:"PART" help:"Measure these only: closed (what a request costs), open (response times at given rates), idle (silent connections), syscalls, profile (where the CPU time goes), capacity (under an SLO), stall-check (the lab's test of itself), claims (the article's claims that are quick to test); without the flag, all but capacity. Or ${claims}: the claim of that number, and the parts that it needs. Or models, as --models takes them. Repeat the flag, or separate names by commas."`
	Models    []string      `placeholder:"NAME" help:"Measure these models only: eventloop for all its variants, 'eventloop --loops 2' for one. Repeat the flag, or separate names by commas."`
	Server    []string      `placeholder:"NAME=CMD" sep:"none" help:"Measure your own server as well. CMD starts it, without a shell and as one process; {addr} or {port} in CMD stands for the address to listen on. If the server speaks another protocol, put the protocol before its name: resp+NAME=CMD, or memcached+NAME=CMD. Repeat the flag for more servers."`
	At        []string      `without:"models,server,peers,peers-from,claims" because:"the lab measures servers that run already, and starts none" placeholder:"[NAME=]ADDR" sep:"none" help:"Measure a server that runs already, on any machine, with the closed and the open loop and, with --full, its capacity: all that its clients can tell, so neither its CPU time nor its memory, and no claims. Of the server's data it replaces the values of the lab's own keys. If the server speaks another protocol, put the protocol before it, as for --server. Repeat the flag for more servers."`
	Protocol  load.Protocol `default:"kv" enum:"kv,resp" help:"The protocol that the models serve: kv (this project's) or resp (Redis's; default ${default}). With resp, Redis is measured beside them if it is installed, and claims whose test needs this project's protocol are left out."`
	Exchanges string        `without:"puts,keys,value,peers,peers-from,claims" because:"all that the lab knows of the servers is the file" placeholder:"FILE" help:"Measure your own servers, each --server, in any protocol: with the requests of a file of exchanges, whose answers are compared byte for byte (docs/exchanges.md). With --protocol resp the models are measured, too."`
	Peers     bool          `help:"Measure peers as well, for comparison: servers on gnet, netpoll, nbio and the standard library, built from the source checkout around the working directory (tools/peers), and Redis and memcached if they are installed. --models peer, or 'peer gnet', picks from them."`
	PeersFrom string        `placeholder:"DIR" type:"existingdir" help:"Measure the peers as well, built from this source checkout. Without this flag the checkout must belong to you or root, because its code is run."`
	Rounds    int           `range:"1..100" placeholder:"N" help:"How often each server is started and measured (default 6; with --quick 1)."`
	Duration  time.Duration `range:"50ms..5s" placeholder:"TIME" help:"How long each workload is measured in a round (default 100ms; with --quick 200ms, with --full 1s)."`
	Shape     []shape       `range:"1..65536" placeholder:"CxD" help:"Requests in flight in a closed loop: connections times requests on each (default 1x1, 50x1, 50x16). Repeat the flag, or separate shapes by commas."`
	Puts      float64       `default:"0.1" range:"0..1" placeholder:"SHARE" help:"Share of puts; the others are gets (default ${default})."`
	Keys      int           `default:"10000" range:"1..10000000" placeholder:"N" help:"How many keys there are (default ${default})."`
	Value     sizes         `default:"64" range:"0..67108864" placeholder:"SIZE" help:"Size of the values in bytes, or a range of sizes: 16-4096 (default ${default})."`
	Store     storeAddress  `placeholder:"WHERE" help:"Where the models keep their data: memory, bolt:PATH, redis://HOST:PORT[,HOST:PORT…], etcd://HOST:PORT[,HOST:PORT…] (default memory; docs/stores.md). Each model finds what the one before it has left there."`
	Arrivals  load.Arrivals `default:"constant" enum:"poisson,constant" help:"How an open loop's requests are spread over time: constant, as a clock ticks, or poisson, at random (default ${default})."`
	SLO       time.Duration `default:"1ms" range:"1us..10s" placeholder:"TIME" help:"The highest p99 that the search for capacity allows (default ${default})."`
	Seed      uint64        `default:"1" range:"any" help:"Determines the order of the servers and the sequences of requests (default ${default})."`
	Out       string        `placeholder:"DIR" type:"path" help:"The folder for results.json, report.html and its pictures, which must have no such files yet (default: a new folder for each run, in lab-out)."`
	Quick     bool          `xor:"size" help:"A first look in one to two minutes: it shows that everything works, and measures little."`
	Full      bool          `xor:"size" help:"Measure for longer, and each server's capacity, too. The lab says how long that takes."`
	Claims    bool          `xor:"size" help:"Put all of the article's claims to the test, with the time that they need: about six minutes."`
	NoPin     bool          `help:"Do not give servers and load a core each."`
	Verbose   bool          `help:"Print all tables and notes before the answer, and a line for each measurement. Without the flag they are in the page and in results.json only, unless you ask for a part (--only, --claims) or for --at."`
}

// exitVoid means, as in load, that the run shows next to nothing.
const exitVoid = 3

// Help is the additional text of lab --help.
func (*labCmd) Help() string {
	return `Exit codes: 0 there are results, and no server failed; 1 a server failed, or the lab could not do its work; 2 wrong flags; ` +
		`3 the run is void: over three quarters of the closed loop's cells are void, or over three quarters of the open loop's cells show nothing, not even a median, or no claim could be decided for any server; 130 interrupted.`
}

func (c *labCmd) Run(ctx context.Context, out *stdout.Checked) error {
	cfg, cleanUp, err := c.config(ctx)
	if err != nil {
		return err
	}
	defer cleanUp()
	if err := cfg.Validate(); err != nil {
		return usageError(err)
	}
	folder, err := c.folder()
	if err != nil {
		return err
	}
	defer closeFolder(folder)
	cfg.Save = func(r *results.Results) { _, _ = r.Write(folder.Path) } // the last write would fail, too, and returns the error
	results, err := lab.Run(ctx, cfg)
	if results == nil {
		return err
	}
	interrupted := errors.Is(err, context.Canceled)
	if err != nil && !interrupted {
		fmt.Fprintln(stderr(), "ioflavors:", err)
	}
	if c.Verbose || c.asksForPart() {
		if err := text.Report(results, out, style(out.File()), width(out.File())); err != nil {
			return err
		}
		fmt.Fprintln(out)
	}
	a := answer.Of(results)
	if a.Measured() {
		fmt.Fprint(out, text.Answer(a, style(out.File()), width(out.File())))
	}
	name, writeErr := results.Write(folder.Path)
	if writeErr != nil {
		return writeErr
	}
	pages, writeErr := report.Write(folder.Path, results)
	if writeErr != nil {
		return writeErr
	}
	fmt.Fprintln(out, "→", pages[0], "·", name)
	switch {
	case interrupted && !a.Measured():
		return &exitError{130, "interrupted; the files have the measurements until then"}
	case interrupted:
		return &exitError{130, "interrupted; the measurements until then are above"}
	case err != nil:
		return &exitError{code: 1}
	default:
		return verdict(results)
	}
}

// asksForPart reports whether the user asked for some of the lab's parts or claims, or for
// servers of which some can be measured: then their tables are the answer.
func (c *labCmd) asksForPart() bool {
	return c.Claims || len(c.At) > 0 || slices.ContainsFunc(c.Only, func(name string) bool {
		return slices.Contains(results.Parts, results.Part(name)) || slices.Contains(experiments.IDs(), name)
	})
}

// folder returns the destination of the run: a new folder, or the one that the
// user named.
func (c *labCmd) folder() (*folder.Folder, error) {
	if c.Out != "" {
		return folder.Use(c.Out, results.FileName, report.FileName)
	}
	what := []string{"lab"}
	switch {
	case c.Quick:
		what[0] = "quick"
	case c.Full:
		what[0] = "full"
	case c.Claims:
		what[0] = "claims"
	case len(c.At) > 0:
		what[0] = "at"
	case len(c.Only) > 0:
		what = slices.Clone(c.Only)
	}
	return folder.New(folder.Default, strings.Join(append(what, c.Models...), " "), time.Now())
}

// closeFolder closes f. It only prints an error, because the error changes
// nothing in the folder.
func closeFolder(f *folder.Folder) {
	if err := f.Close(); err != nil {
		fmt.Fprintln(stderr(), "ioflavors:", err)
	}
}

// config returns the lab's configuration, and a function to clean up after
// the run.
func (c *labCmd) config(ctx context.Context) (lab.Config, func(), error) {
	cleanUp := func() {}
	program, err := os.Executable()
	if err != nil {
		return lab.Config{}, nil, err
	}
	servers, talk, err := c.servers()
	if err != nil {
		return lab.Config{}, nil, usageError(err)
	}
	names, parts, claims := c.Models, []results.Part(nil), []string(nil)
	for _, name := range c.Only {
		if part := results.Part(name); slices.Contains(results.Parts, part) {
			parts = append(parts, part)
		} else if slices.Contains(experiments.IDs(), name) {
			claims = append(claims, name)
		} else {
			names = append(names, name)
		}
	}
	if c.Claims || claims != nil {
		parts = append(parts, experiments.Parts(claims)...)
	}
	targets, notMeasured := models.Storing(string(c.Store), models.Speaking(c.Protocol, models.Models(program))), []string(nil)
	switch {
	case len(c.At) > 0 && claims != nil:
		return lab.Config{}, nil, usageError(fmt.Errorf("--only %s makes no sense beside --at: the claims are about servers that the lab starts", claims[0]))
	case len(c.At) > 0:
		targets = nil // the servers are all
	case c.Protocol != load.KV && (c.Peers || c.PeersFrom != ""):
		return lab.Config{}, nil, usageError(fmt.Errorf("--peers makes no sense beside --protocol %s: the peers that speak it are measured anyway", c.Protocol))
	case c.Protocol != load.KV:
		var installed []results.Target
		installed, notMeasured = models.InstalledSpeaking(c.Protocol)
		targets = slices.Concat(targets, installed)
		names = models.WithPeers(names)
	case talk != nil:
		targets = nil // they speak this project's protocol
	case c.Peers || c.PeersFrom != "":
		built, remove, err := buildPeers(ctx, c.PeersFrom)
		if err != nil {
			return lab.Config{}, nil, err
		}
		cleanUp = remove
		var installed []results.Target
		installed, notMeasured = models.InstalledPeers()
		targets = slices.Concat(targets, built, installed)
		names = models.WithPeers(names)
	}
	if targets, err = c.chosen(targets, servers, names); err != nil {
		cleanUp()
		return lab.Config{}, nil, usageError(err)
	}
	rounds, duration, profile := 6, 100*time.Millisecond, time.Second
	switch {
	case c.Quick:
		rounds, duration = 1, 200*time.Millisecond
	case c.Claims || claims != nil:
		rounds = 3
	case c.Full:
		duration, profile = time.Second, 5*time.Second
		if parts == nil {
			parts = lab.Parts(len(c.At) > 0)
		}
	}
	mix := load.DefaultWorkload()
	mix.Protocol, mix.Puts, mix.Keys, mix.MinValue, mix.MaxValue = c.Protocol, c.Puts, c.Keys, c.Value.min, c.Value.max
	mix = mix.Of(talk)
	targets = models.Of(talk, targets)
	var shapes []results.Shape
	for _, s := range c.Shape {
		shapes = append(shapes, results.Shape(s))
	}
	null := []string{program, "null-server", "--protocol", string(c.Protocol), "--keys", strconv.Itoa(c.Keys), "--value", c.Value.String()}
	if talk != nil {
		null = []string{program, "null-server", "--exchanges", c.Exchanges}
	}
	if runtime.NumCPU() > 1 && !c.NoPin {
		null = append(null, "--spin")
	}
	return lab.Config{
		Targets:     targets,
		Null:        results.Target{Name: "null", Command: null},
		Parts:       parts,
		Rounds:      cmp.Or(c.Rounds, rounds),
		Cell:        cmp.Or(c.Duration, duration),
		Profile:     profile,
		Shapes:      shapes,
		Mix:         &mix,
		Arrivals:    c.Arrivals,
		SLO:         c.SLO,
		Experiments: claims,
		AllClaims:   c.Claims || c.Full || claims != nil,
		Seed:        c.Seed,
		NoPin:       c.NoPin,
		Command:     c.command(),
		NotMeasured: notMeasured,
		Progress:    progress(c.Verbose),
	}, cleanUp, nil
}

// servers returns the user's own servers, and the exchanges that they are measured
// with; nil: there are none.
func (c *labCmd) servers() (servers []results.Target, talk *load.Exchanges, err error) {
	flag, texts, parse := "--server", c.Server, models.ParseServer
	if len(c.At) > 0 { // then there is no --server
		flag, texts, parse = "--at", c.At, models.ParseRunning
	}
	for _, text := range texts {
		s, err := parse(text)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", flag, err)
		}
		if s.Protocol != "" && c.Exchanges != "" {
			return nil, nil, fmt.Errorf("%s %s+%s makes no sense beside --exchanges: all that the lab knows of the servers is the file", flag, s.Protocol, s.Name)
		}
		s.Protocol = cmp.Or(s.Protocol, c.Protocol)
		if s.Protocol == load.KV {
			s.Protocol = ""
		}
		servers = append(servers, s)
	}
	if c.Exchanges == "" {
		return servers, nil, nil
	}
	if len(servers) == 0 && c.Protocol == load.KV {
		return nil, nil, errors.New("--exchanges: name the server that takes part in them: --server 'NAME=COMMAND {addr}', or --at ADDR")
	}
	if talk, err = load.ReadExchanges(c.Exchanges); err != nil {
		return nil, nil, fmt.Errorf("--exchanges: %w", err)
	}
	return servers, talk, nil
}

// chosen returns the targets with the given names, and the user's own
// servers. If a name selects one of the own servers, only the selected own
// servers are included.
func (c *labCmd) chosen(targets, servers []results.Target, names []string) ([]results.Target, error) {
	all := slices.Concat(targets, servers)
	known := func(name string, targets []results.Target) bool {
		_, err := models.Select(targets, []string{name})
		return err == nil
	}
	for _, name := range c.Only {
		if part := results.Part(name); !slices.Contains(results.Parts, part) && !slices.Contains(experiments.IDs(), name) && !known(name, all) {
			return nil, unknownOnly(name, all)
		}
	}
	if len(names) > 0 && !slices.ContainsFunc(names, func(name string) bool { return known(name, servers) }) {
		names = slices.Concat(names, models.TargetNames(servers))
	}
	selected, err := models.Select(all, names)
	if err != nil {
		return nil, fmt.Errorf("--models: %w", err)
	}
	return selected, nil
}

// unknownOnly is the error for a name that --only does not know.
func unknownOnly(name string, targets []results.Target) error {
	parts := make([]string, len(results.Parts))
	for i, p := range results.Parts {
		parts[i] = string(p)
	}
	claims, servers := experiments.IDs(), models.TargetNames(targets)
	return fmt.Errorf("--only %s: neither a part (%s) nor a claim (%s) nor a model (%s)%s", name,
		strings.Join(parts, ", "), strings.Join(claims, ", "), strings.Join(servers, ", "),
		nearest.Hint(name, slices.Concat(parts, claims, servers)))
}

// command returns the command line that repeats the run, without the
// destination of its results.
func (c *labCmd) command() []string {
	command := append(self.Command(), "lab", "--seed", fmt.Sprint(c.Seed))
	add := func(flag string, values ...string) {
		for _, v := range values {
			command = append(command, flag, v)
		}
	}
	add("--only", c.Only...)
	add("--models", c.Models...)
	add("--server", c.Server...)
	add("--at", c.At...)
	for _, f := range []struct {
		flag string
		on   bool
	}{{"--peers", c.Peers}, {"--quick", c.Quick}, {"--full", c.Full}, {"--claims", c.Claims}, {"--no-pin", c.NoPin}} {
		if f.on {
			command = append(command, f.flag)
		}
	}
	if c.PeersFrom != "" {
		add("--peers-from", c.PeersFrom)
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
	add("--protocol", string(c.Protocol))
	if c.Exchanges != "" {
		add("--exchanges", c.Exchanges)
	} else {
		add("--puts", fmt.Sprint(c.Puts))
		add("--keys", fmt.Sprint(c.Keys))
		add("--value", c.Value.String())
	}
	if c.Store != "" {
		add("--store", string(c.Store))
	}
	add("--arrivals", string(c.Arrivals))
	add("--slo", c.SLO.String())
	return command
}

// shape is a results.Shape, written as 50x16.
type shape results.Shape

func (s shape) numbers() []float64 { return []float64{float64(s.Connections), float64(s.Depth)} }

// Decode parses "50x16".
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

// verdict returns an error if a server failed or if the run shows next to nothing,
// so that a script notices.
func verdict(r *results.Results) error {
	if failed := r.Failed(); len(failed) > 0 {
		return &exitError{1, "errors, or not finished: " + strings.Join(failed, ", ")}
	}
	if void := r.Void(); void != "" {
		return &exitError{exitVoid, "VOID: " + void}
	}
	return nil
}
