package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/ioflavors/ioflavors/tools/internal/advise"
	"github.com/ioflavors/ioflavors/tools/internal/folder"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/models"
	"github.com/ioflavors/ioflavors/tools/internal/self"
	"github.com/ioflavors/ioflavors/tools/internal/stdout"
	"github.com/ioflavors/ioflavors/tools/internal/term"
)

type adviseCmd struct {
	Conns       int           `default:"1000" range:"1..1000000" placeholder:"N" help:"How many connections there are (default ${default})."`
	Active      portion       `default:"10%" range:"1..1000000" placeholder:"SHARE" help:"How many of them send requests, as a share or a number: 1%, or 200 (default ${default}). The others are silent."`
	Rate        float64       `default:"5000" range:"0.01..5000000" placeholder:"R" help:"Requests per second, over all that are active (default ${default})."`
	Arrivals    load.Arrivals `default:"poisson" enum:"poisson,constant" help:"How requests are spread over time: poisson, at random, or constant, as a clock ticks (default ${default})."`
	Puts        float64       `default:"0.1" range:"0..1" placeholder:"SHARE" help:"Share of puts; the others are gets (default ${default})."`
	Handler     time.Duration `default:"0s" range:"0s..200ms" placeholder:"TIME" help:"How long a request's handler takes besides the store's work (default ${default})."`
	HandlerKind string        `default:"wait" enum:"wait,cpu" help:"What the handler does in that time: wait, as for a disk or another server, or cpu, compute (default ${default})."`
	Value       byteSize      `default:"64" range:"0..1047552" placeholder:"SIZE" help:"Size of the values: 64, 1KiB (default ${default})."`
	Command     string        `without:"handler,handler-kind" because:"the handlers are those of the command" placeholder:"CMD" help:"Measure the models with your own handlers: CMD starts your program, which links the models, without a shell and as one process; {model} in CMD stands for the model, and {addr} or {port} for the address to listen on. A model that CMD refuses with exit code 2 is left out."`
	Store       storeAddress  `without:"command,handler,handler-kind" because:"the store is that of the command, or the one whose handlers are slow" placeholder:"WHERE" help:"Measure the models with their data there: memory, bolt:PATH, redis://HOST:PORT[,HOST:PORT…], etcd://HOST:PORT[,HOST:PORT…] (default memory; docs/stores.md)."`
	Exchanges   string        `without:"puts,value,handler,handler-kind" because:"the file says what the requests are" placeholder:"FILE" help:"The requests, with the answers that they must get, byte for byte (docs/exchanges.md). Wants --command, because the models' own commands speak this project's protocol."`
	P99         time.Duration `name:"p99" default:"10ms" range:"1us..10s" placeholder:"TIME" help:"The time within which 99 of 100 requests must be answered, from when they were due (default ${default})."`
	Cores       int           `default:"1" range:"1..1024" placeholder:"N" help:"How many cores the server may have; the load needs another one (default ${default})."`
	SpareCore   bool          `help:"The server may burn its core when it has nothing to do: then the response time decides, not the CPU time."`

	Models   []string      `placeholder:"NAME" help:"Measure these models only: eventloop for all its variants, 'eventloop --loops 2' for one. Repeat the flag, or separate names by commas."`
	Repeats  int           `default:"3" range:"1..100" placeholder:"N" help:"How often each model is measured (default ${default})."`
	Duration time.Duration `range:"50ms..5s" placeholder:"TIME" help:"Length of each measurement (default 1s, longer for rates below 1500/s)."`
	Seed     uint64        `default:"1" range:"any" help:"Determines the order of the models and the sequences of requests (default ${default})."`
	JSON     bool          `help:"Print one JSON object at the end, and nothing else on standard output."`
	Out      string        `type:"path" placeholder:"DIR" help:"Write the advice to this folder as well, as advice.txt and advice.json, which must not be there yet."`
}

// Help is the additional text of advise --help.
func (*adviseCmd) Help() string {
	return `It measures every model on this machine, under the load that you expect, and recommends one. Of the models that ` +
		`keep the rate and the p99 it takes the one with the least CPU time; of equals the one with the least memory; then the simplest.` + "\n\n" +
		`Exit codes: 0 there is a recommendation; 1 there is none; 2 wrong flags, or work that no model could do; 3 there is none, and this machine was too busy to tell whether there could be one; 130 interrupted.`
}

// portion is a number, or a share of another number.
type portion struct {
	share  float64
	number int // used if it is not 0
}

// Decode parses "1%" or "200".
func (p *portion) Decode(ctx *kong.DecodeContext) error {
	var text string
	if err := ctx.Scan.PopValueInto("share", &text); err != nil {
		return err
	}
	percent, isShare := strings.CutSuffix(text, "%")
	var err error
	if isShare {
		p.share, err = strconv.ParseFloat(percent, 64)
		p.share /= 100
	} else {
		p.number, err = strconv.Atoi(text)
	}
	if err != nil || isShare && !(p.share > 0 && p.share <= 1) || !isShare && p.number < 1 {
		return fmt.Errorf("%q is neither a share, as 1%%, nor a number, as 200", text)
	}
	return nil
}

// of returns the portion of all, at least one.
func (p portion) of(all int) int {
	if p.number > 0 {
		return p.number
	}
	return max(1, int(math.Round(p.share*float64(all))))
}

// numbers leaves out a share, because Decode checks that it is from 0 to 1.
func (p portion) numbers() []float64 {
	if p.number > 0 {
		return []float64{float64(p.number)}
	}
	return nil
}

func (p portion) String() string {
	if p.number > 0 {
		return strconv.Itoa(p.number)
	}
	return strconv.FormatFloat(p.share*100, 'g', -1, 64) + "%"
}

// byteSize is a number of bytes.
type byteSize int

// Decode parses "64" or "1KiB".
func (b *byteSize) Decode(ctx *kong.DecodeContext) error {
	var text string
	if err := ctx.Scan.PopValueInto("size", &text); err != nil {
		return err
	}
	number, unit := text, 1
	for suffix, size := range map[string]int{"KiB": 1 << 10, "MiB": 1 << 20} {
		if n, ok := strings.CutSuffix(text, suffix); ok {
			number, unit = n, size
		}
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 || n > math.MaxInt32 {
		return fmt.Errorf("%q is no size: want bytes, as 64, or 1KiB", text)
	}
	*b = byteSize(n * unit)
	return nil
}

func (c *adviseCmd) config() (advise.Config, error) {
	program, err := os.Executable()
	if err != nil {
		return advise.Config{}, err
	}
	targets := models.Models(program)
	if c.Command != "" {
		if targets, err = models.Linked(c.Command); err != nil {
			return advise.Config{}, fmt.Errorf("--command: %w", err)
		}
		if _, err := exec.LookPath(targets[0].Command[0]); err != nil {
			return advise.Config{}, fmt.Errorf("--command: %w", err)
		}
	}
	targets = models.Storing(string(c.Store), targets)
	if targets, err = models.Select(targets, c.Models); err != nil {
		return advise.Config{}, err
	}
	var talk *load.Exchanges
	if c.Exchanges != "" {
		if c.Command == "" {
			return advise.Config{}, errors.New("--exchanges wants --command: the models' own commands speak this project's protocol")
		}
		if talk, err = load.ReadExchanges(c.Exchanges); err != nil {
			return advise.Config{}, fmt.Errorf("--exchanges: %w", err)
		}
	}
	cfg := advise.Config{
		Profile: advise.Profile{
			Connections: c.Conns, Active: c.Active.of(c.Conns), Rate: c.Rate, Arrivals: c.Arrivals, Puts: c.Puts,
			Handler: c.Handler, Computes: c.HandlerKind == "cpu", Value: int(c.Value), Exchanges: talk, P99: c.P99,
			Cores: c.Cores, SpareCore: c.SpareCore, Store: string(c.Store),
		},
		Targets:  targets,
		Repeats:  c.Repeats,
		Duration: c.Duration,
		Seed:     c.Seed,
		Command:  c.commandLine(),
		Progress: term.NewProgress(stderr()),
	}
	return cfg, cfg.Validate()
}

// commandLine returns the command line that repeats the advice, without the
// destination of its output.
func (c *adviseCmd) commandLine() []string {
	command := append(self.Command(), "advise")
	add := func(flag, value string) { command = append(command, flag, value) }
	add("--conns", strconv.Itoa(c.Conns))
	add("--active", c.Active.String())
	add("--rate", strconv.FormatFloat(c.Rate, 'f', -1, 64))
	add("--arrivals", string(c.Arrivals))
	if c.Command != "" {
		add("--command", c.Command)
	}
	if c.Store != "" {
		add("--store", string(c.Store))
	}
	if c.Exchanges != "" {
		add("--exchanges", c.Exchanges)
	} else {
		add("--puts", fmt.Sprint(c.Puts))
		add("--value", strconv.Itoa(int(c.Value)))
	}
	if c.Handler > 0 {
		add("--handler", c.Handler.String())
		add("--handler-kind", c.HandlerKind)
	}
	add("--p99", c.P99.String())
	add("--cores", strconv.Itoa(c.Cores))
	if c.SpareCore {
		command = append(command, "--spare-core")
	}
	for _, name := range c.Models {
		add("--models", name)
	}
	add("--repeats", strconv.Itoa(c.Repeats))
	if c.Duration != 0 {
		add("--duration", c.Duration.String())
	}
	add("--seed", fmt.Sprint(c.Seed))
	return command
}

func (c *adviseCmd) Run(ctx context.Context, out *stdout.Checked) error {
	cfg, err := c.config()
	if err != nil {
		return usageError(err)
	}
	if c.Out != "" {
		dir, err := folder.Use(c.Out, advise.Files...)
		if err != nil {
			return err
		}
		defer closeFolder(dir)
	}
	advice, err := advise.Run(ctx, cfg)
	if advice == nil {
		return err
	}
	interrupted := errors.Is(err, context.Canceled)
	if err != nil && !interrupted {
		fmt.Fprintln(stderr(), "ioflavors:", err)
	}
	failed := err != nil && !interrupted
	if c.JSON {
		err = json.NewEncoder(out).Encode(advice)
	} else {
		fmt.Fprintln(stderr())
		err = advice.Report(out, style(out.File()), 80)
	}
	if c.Out != "" {
		err = errors.Join(err, advice.Write(c.Out))
	}
	switch {
	case err != nil:
		return err
	case failed:
		return &exitError{code: 1}
	case interrupted:
		return &exitError{130, "interrupted; the measurements until then are above"}
	case advice.Void:
		return &exitError{exitVoid, "VOID: this machine was too busy to tell"}
	case advice.Recommended == "":
		return &exitError{code: 1}
	default:
		return nil
	}
}
