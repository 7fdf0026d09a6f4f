package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/ioflavors/ioflavors/common/conformance"
	"github.com/ioflavors/ioflavors/common/conformance/probe"
	"github.com/ioflavors/ioflavors/common/exchanges"
	"github.com/ioflavors/ioflavors/common/servercmd"
	"github.com/ioflavors/ioflavors/tools/internal/nearest"
	"github.com/ioflavors/ioflavors/tools/internal/stdout"
)

type checkCmd struct {
	Target       string        `arg:"" optional:"" name:"addr-or-command" help:"The server's address, host:port. Or, behind --, a command that starts it: {addr} in it is replaced by a free address, {port} by its port. If the command listens at an address of its own, put that address first: check HOST:PORT -- CMD."`
	Args         []string      `arg:"" optional:"" name:"args" help:"The command's arguments."`
	List         bool          `help:"Print the rules and check nothing."`
	Exchanges    string        `placeholder:"FILE" help:"A file of requests and their replies, in any protocol (docs/exchanges.md): check the rules about transport with them, not the key/value protocol."`
	JSON         bool          `name:"json" help:"Print one JSON object instead of lines."`
	OneAtATime   bool          `help:"The server may keep clients waiting until another one leaves."`
	MaxFrame     int           `default:"1048576" range:"200..268435456" placeholder:"BYTES" help:"The longest frame that the server takes, body and footer (default ${default})."`
	IdleTimeout  time.Duration `range:"1ms..1h" placeholder:"TIME" help:"When the server closes an idle connection; checked only if given."`
	FrameTimeout time.Duration `range:"1ms..1h" placeholder:"TIME" help:"When the server gives up on an unfinished frame, or request; checked only if given."`
	WriteTimeout time.Duration `range:"1ms..1h" placeholder:"TIME" help:"When the server gives up on a client that takes no replies; checked only if given."`
	TurnLimit    time.Duration `range:"1ms..1h" placeholder:"TIME" help:"With --one-at-a-time, when a client gives way to one that waits; checked only if given."`
	MaxConns     int           `range:"1..100000" placeholder:"N" help:"How many clients the server serves before it refuses one; checked only if given."`
	Clients      int           `range:"2..10000" placeholder:"N" help:"How many clients there are at once, where that matters (default 64, with --exchanges 400)."`
	Spins        bool          `help:"With --exchanges, the server may use a core while its clients are idle."`
	Only         []string      `placeholder:"RULE" help:"Check these rules only. Repeat the flag, or separate names by commas."`
	Timeout      time.Duration `default:"10s" range:"1ms..1h" placeholder:"TIME" help:"How long a rule may take (default ${default})."`

	talk []exchanges.Exchange // nil without a file
}

// defaultMaxFrame is the default of MaxFrame.
const defaultMaxFrame = 1 << 20

// Help is the additional text of check --help.
func (*checkCmd) Help() string {
	return `With --exchanges, and a command that starts the server, the rules about its process are checked, too: descriptors, idle processor time, SIGTERM. ` +
		`Exit codes: 0 all rules passed; 1 some failed, or there was no server to check; 2 wrong flags; ` +
		`3 the command says, by the same code, that this system cannot run it: nothing was checked; ` +
		`4 none failed, but some were not judged, because they ran out of time while this machine was busy; 130 interrupted.`
}

// exitNotJudged means that no rule failed, and not all rules passed.
const exitNotJudged = 4

func (c *checkCmd) Run(ctx context.Context, out *stdout.Checked) error {
	if err := c.load(); err != nil {
		return usageError(err)
	}
	if c.List {
		return c.list(out)
	}
	s, err := c.target()
	if err != nil {
		return usageError(err)
	}
	if err := c.checkFlags(); err != nil {
		return usageError(err)
	}
	if err := s.start(ctx); err != nil {
		if ctx.Err() != nil {
			return &exitError{130, "interrupted before the server was there: nothing was checked"}
		}
		return cmp.Or(s.unavailable(), err)
	}
	defer s.stop()
	if err := s.unavailable(); err != nil {
		return err
	}
	report := c.check(ctx, s, out)
	if err := c.summarize(out, s.addr, s.restarts, report); err != nil {
		return err
	}
	return outcome(ctx.Err() != nil, report)
}

// outcome returns the error with the exit code for the report, nil for 0.
func outcome(interrupted bool, r conformance.Report) error {
	open := fmt.Sprintf("%d of %d rules were not judged", len(r.NotJudged()), r.Total())
	switch {
	case interrupted:
		return &exitError{130, "interrupted: " + open}
	case len(r.Failed()) > 0:
		return &exitError{code: 1}
	case len(r.NotJudged()) > 0:
		return &exitError{exitNotJudged, open + ": check again when this machine is less busy"}
	}
	return nil
}

// target returns the server to check, before its start.
func (c *checkCmd) target() (*checkedServer, error) {
	if c.Target == "" {
		return nil, errors.New("expected the server's address, or a command that starts it")
	}
	if _, _, err := net.SplitHostPort(c.Target); err == nil {
		if err := servercmd.CheckAddr("address", c.Target); err != nil {
			return nil, err
		}
		return &checkedServer{addr: c.Target, command: c.Args, answers: c.answers}, nil
	}
	command := append([]string{c.Target}, c.Args...)
	if !slices.ContainsFunc(command, func(arg string) bool {
		return strings.Contains(arg, "{addr}") || strings.Contains(arg, "{port}")
	}) {
		return nil, fmt.Errorf("%q is no address (host:port), and as a command it does not say where to listen ({addr})", c.Target)
	}
	return &checkedServer{command: command, answers: c.answers}, nil
}

// fill returns the command with addr in place of its placeholders; nil if
// there is no command.
func fill(command []string, addr string) []string {
	if len(command) == 0 {
		return nil
	}
	_, port, _ := net.SplitHostPort(addr)
	replacer := strings.NewReplacer("{addr}", addr, "{port}", port)
	filled := make([]string, len(command))
	for i, arg := range command {
		filled[i] = replacer.Replace(arg)
	}
	return filled
}

// freeAddress returns a local address on which no server listened a moment
// ago.
func freeAddress() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return ln.Addr().String(), ln.Close()
}

// load reads the file of exchanges, if there is one.
func (c *checkCmd) load() (err error) {
	if c.Exchanges == "" {
		if c.Spins {
			return errors.New("--spins: only the rules of --exchanges look at processor time")
		}
		return nil
	}
	if c.MaxFrame != defaultMaxFrame {
		return errors.New("--max-frame: no rule of --exchanges depends on it")
	}
	if c.talk, err = exchanges.Load(c.Exchanges); err != nil {
		return fmt.Errorf("--exchanges: %w", err)
	}
	return nil
}

// rules returns the rules of the protocol.
func (c *checkCmd) rules() []conformance.Rule {
	if c.talk != nil {
		return conformance.TransportRules()
	}
	return conformance.Rules()
}

// selected returns the rules that are tried with these options.
func (c *checkCmd) selected(o conformance.Options) []conformance.Rule {
	if c.talk != nil {
		return conformance.SelectTransport(c.talk, o)
	}
	return conformance.Select(o)
}

func (c *checkCmd) try(ctx context.Context, addr string, o conformance.Options) conformance.Report {
	if c.talk != nil {
		return conformance.Transport(ctx, addr, c.talk, o)
	}
	return conformance.Check(ctx, addr, o)
}

// errSilent is why the remaining rules are not judged.
var errSilent = errors.New("the server does not answer the first request of the exchanges")

// silence is how long a server that has failed the first rule may take to answer at all.
const silence = 5 * time.Second

// speaks reports whether the server answers at all. Each rule would wait for its whole
// time on a server that does not.
func (c *checkCmd) speaks(ctx context.Context, addr string) bool {
	ctx, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	return c.answers(ctx, addr)
}

// answers reports whether the server at addr answers a request before ctx ends.
func (c *checkCmd) answers(ctx context.Context, addr string) bool {
	if c.talk != nil {
		return conformance.Answers(ctx, addr, c.talk)
	}
	return probe.Try(func(t probe.T) {
		c := probe.Dial(ctx, t, addr)
		c.Send(probe.Get("conformance/is anybody there?"))
		c.Receive()
	}) == ""
}

// checkFlags returns an error for flags with which no check is possible.
func (c *checkCmd) checkFlags() error {
	known := ids(c.rules())
	for _, id := range c.Only {
		if !slices.Contains(known, id) {
			return fmt.Errorf("--only %s: %w", id, nearest.Unknown("rule", id, known))
		}
	}
	return nil
}

func (c *checkCmd) options() conformance.Options {
	return conformance.Options{
		MaxFrame:     c.MaxFrame,
		OneAtATime:   c.OneAtATime,
		IdleTimeout:  c.IdleTimeout,
		FrameTimeout: c.FrameTimeout,
		WriteTimeout: c.WriteTimeout,
		TurnLimit:    c.TurnLimit,
		MaxConns:     c.MaxConns,
		Clients:      c.Clients,
		RuleTimeout:  c.Timeout,
		Spins:        c.Spins,
	}
}

// check tries the rules one after the other. If a rule has killed the server,
// check starts it again for the next rule, because a rule must judge the server
// independently of the rules before it.
func (c *checkCmd) check(ctx context.Context, s *checkedServer, out *stdout.Checked) conformance.Report {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if !c.JSON {
		printHeader(out)
	}
	o := c.options()
	var report conformance.Report
	for _, rule := range c.rules() {
		if out.Err() != nil {
			break // the reader of the output has left
		}
		if len(c.Only) > 0 && !slices.Contains(c.Only, rule.ID) {
			report.NotRun = append(report.NotRun, rule)
			continue
		}
		over := ctx.Err() != nil
		if err := s.revive(ctx); err != nil {
			cancel(err) // the remaining rules are not judged, and say why
		} else if c.talk != nil && len(report.Results) == 1 && report.Results[0].TimedOut && !c.speaks(ctx, s.addr) {
			cancel(errSilent)
		}
		o.Only, o.Process, o.Stop = []string{rule.ID}, s.pid(), s.end()
		if len(c.selected(o)) == 0 {
			report.NotRun = append(report.NotRun, rule)
			continue
		}
		result := c.try(ctx, s.addr, o).Results[0]
		if how := s.ended(!result.Passed() && ctx.Err() == nil); how != "" && !rule.EndsServer() {
			result.Reason, result.NotJudged = strings.TrimSuffix(how+"; "+result.Reason, "; "), false
		}
		report.Results = append(report.Results, result)
		if !c.JSON && !over { // the last line counts the rules that did not begin
			printResult(out, result)
		}
	}
	return report
}
