// Package servercmd is the main function of a server's command: flags, logging, signals,
// and an optional debug server. A Program says which protocols it serves, and by which
// models: read it first. Main runs it.
//
// The first SIGTERM or SIGINT drains the server, the second one ends it at once. The log
// goes to the standard error: a line "listening" with the address, the model and the
// protocol when clients can come, "draining" and "stopped" at the end, and in between
// only what an operator must know.
//
// Exit codes: 0 after a clean end, 1 when the server could not start or ended
// before it was drained, 2 for wrong flags, 3 where the model is not available
// (server.ErrUnavailable). The reason is the last line of the standard error, behind
// the program's name.
package servercmd

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/ioflavors/ioflavors/common/asynclog"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/common/store"
)

// DefaultAddr is the address on which the servers listen. Only this machine reaches
// it.
const DefaultAddr = "127.0.0.1:7070"

const (
	exitOK    = 0
	exitFail  = 1
	exitUsage = 2
	// ExitUnavailable says that this system cannot run the model.
	ExitUnavailable = 3
)

// Main runs a program and exits.
func Main(p Program) {
	os.Exit(Run(context.Background(), p, os.Args[1:], os.Stdout, os.Stderr))
}

// lastWords is how long an ending program waits for the reader of its output.
const lastWords = time.Second

// Run runs a program with the given arguments until a signal ends it, and returns the
// exit code. The log goes to stderr. A ctx that is already done stands for a signal
// that came before Run.
//
// Run waits for the reader of stdout or stderr for lastWords at most. A reader that
// has left does not end the process, because the process ignores SIGPIPE from then on.
func Run(ctx context.Context, p Program, args []string, stdout, stderr io.Writer) int {
	signal.Ignore(syscall.SIGPIPE)
	p, err := p.complete()
	name := p.Name
	if err != nil {
		_ = say(stderr, fmt.Sprintf("%s: %v\n", name, err))
		return exitFail
	}
	o, err := p.parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		err = say(stdout, o.usage)
		if err == nil || errors.Is(err, syscall.EPIPE) || errors.Is(err, os.ErrDeadlineExceeded) {
			return exitOK // a reader that stops early has read enough
		}
		_ = say(stderr, fmt.Sprintf("%s: %v\n", name, err))
		return exitFail
	case err != nil:
		_ = say(stderr, fmt.Sprintf("%s: %v (--help lists the flags)\n", name, err))
		return exitUsage
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)

	log := asynclog.New(newHandler(stderr, o.logFormat, o.logLevel))
	o.Logger = slog.New(log)
	ready := make(chan struct{})
	o.Ready = func() { close(ready) }
	srv, err := o.newServer()
	code := exitUsage
	if errors.As(err, new(notUsage)) {
		code = exitFail
	}
	if err == nil {
		defer LimitHeap(o.Limits, srv.Stats)()
		code = exitFail // the flags are right; an error from here on is the system's
		err = o.run(ctx, srv, ready, signals)
	}
	heard := log.Flush(lastWords)
	if err == nil {
		return exitOK
	}
	if heard {
		_ = say(stderr, fmt.Sprintf("%s: %v\n", name, err))
	}
	if errors.Is(err, server.ErrUnavailable) {
		return ExitUnavailable
	}
	return code
}

// say writes a text. If the reader does not take it within lastWords, say gives up.
func say(to io.Writer, text string) error {
	said := make(chan error, 1)
	go func() {
		_, err := io.WriteString(to, text)
		said <- err
	}()
	select {
	case err := <-said:
		return err
	case <-time.After(lastWords):
		return os.ErrDeadlineExceeded
	}
}

// options are the settings from the command line.
type options struct {
	server.Config
	usage     string
	addr      string
	debugAddr string
	logFormat string
	logLevel  slog.Level
	model     server.Command
	protocol  Protocol
	server    func(server.Config) (server.Server, error)
	open      func() (session.Protocol, error)
}

func (o *options) setLogLevel(level string) error {
	if o.logLevel.UnmarshalText([]byte(level)) != nil {
		return errors.New("want debug, info, warn or error")
	}
	return nil
}

// newServer makes the server that the command line asks for.
func (o *options) newServer() (srv server.Server, err error) {
	if o.Protocol, err = o.open(); err != nil {
		return nil, err
	}
	if srv, err = o.server(o.Config); err != nil {
		return nil, err
	}
	return srv, srv.Validate()
}

func (p Program) parse(args []string) (*options, error) {
	name := p.Name
	o, err := p.choose(args)
	if err != nil {
		return o, err
	}
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.StringVar(&o.addr, "addr", DefaultAddr, "`host:port` to listen on; without a host, for this machine only (0.0.0.0 or [::] means all its addresses); port 0 means a free one")
	o.Limits.DefineFlags(fs)
	fs.StringVar(&o.logFormat, "log-format", "text", "`format` of the log: text or json")
	fs.Func("log-level", "least `level` of the log's lines: debug, info, warn or error (default info)", o.setLogLevel)
	fs.StringVar(&o.debugAddr, "debug-addr", "", "`host:port` or unix:PATH for expvar and pprof over HTTP; without a host, for this machine only (default off)")
	p.defineChoices(fs, o)
	open := o.protocol.define(fs)
	newServer := o.model.Flags(fs)

	var usage usageWriter
	fs.SetOutput(&usage)
	fs.Usage = func() {}
	err = fs.Parse(args)
	about := o.model.Summary
	if p.Summary != "" {
		about = p.Summary + ". " + about
	}
	usage.print(name, about, fs)
	o.usage = usage.String()
	switch {
	case err != nil:
		return o, flagError(err)
	case fs.NArg() > 0:
		return o, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	case o.logFormat != "text" && o.logFormat != "json":
		return o, fmt.Errorf("log format %q: want text or json", o.logFormat)
	}
	o.server, o.open = newServer, open
	if o.debugAddr != "" {
		err = CheckAdminAddr("--debug-addr", o.debugAddr)
	}
	return o, cmp.Or(CheckAddr("--addr", o.addr), err)
}

// run serves until a signal comes. The first signal drains the server, the second one
// ends the program at once. A signal before the server listens ends it without a line
// in the log.
func (o *options) run(ctx context.Context, srv server.Server, ready <-chan struct{}, signals <-chan os.Signal) error {
	log := o.Logger
	starting, started := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer started()
	ln, err := server.Listen(starting, LocalByDefault(o.addr))
	if err == nil && o.debugAddr != "" {
		var debug *Admin
		if debug, err = ServeAdmin(starting, "debug server", "--debug-addr", o.debugAddr, "/debug/", debugHandler(srv), log); err == nil {
			defer debug.Close()
		} else {
			ln.Close()
		}
	}
	switch {
	case starting.Err() != nil:
		if err == nil {
			ln.Close()
		}
		return nil
	case err != nil:
		return err
	}

	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(ln) }()
	for {
		select {
		case <-ready:
			ready = nil // log this only once
			log.Info("listening", listening(o.model.Model, o.protocol.Name, ln.Addr().String(), srv.Stats().Store)...)
			if !Local(ln.Addr()) && open(o.Protocol) {
				log.Warn("other machines can reach the address; nothing is encrypted, and the server asks for no password unless its protocol does", "addr", ln.Addr().String())
			}
		case err := <-ended:
			return err
		case s := <-signals:
			log.Info("draining", "signal", s.String(), "connections", srv.Stats().Active)
			return o.drain(srv, signals)
		}
	}
}

// listening returns the attributes of the log's line "listening".
func listening(model, protocol, addr string, s *store.Usage) []any {
	about := []any{"model", model, "protocol", protocol, "addr", addr}
	switch {
	case s == nil: // a store that does not say its usage
		return about
	case s.Limit == 0:
		return append(about, "store_limit", "none")
	default:
		return append(about, "store_limit", s.Limit)
	}
}

// closeTimeout is how long after the drain timeout the program waits for a handler
// that does not return.
const closeTimeout = 5 * time.Second

func (o *options) drain(srv server.Server, signals <-chan os.Signal) error {
	log := o.Logger
	patience := o.DrainTimeout
	if patience == 0 {
		patience = server.DefaultDrainTimeout
	}
	ctx, cancel := context.WithCancel(context.Background())
	if patience > 0 {
		ctx, cancel = context.WithTimeout(ctx, patience)
	}
	defer cancel()

	drained := make(chan error, 1)
	go func() { drained <- srv.Shutdown(ctx) }()
	progress := time.NewTicker(time.Second)
	defer progress.Stop()
	var stuck <-chan time.Time // fires if a handler keeps even Close waiting
	for draining := true; draining; {
		select {
		case <-progress.C:
			log.Info("draining", "connections", srv.Stats().Active)
		case err := <-drained:
			if draining = err != nil; draining {
				log.Warn("drain timeout: closing the remaining connections", "connections", srv.Stats().Active)
				go func() { drained <- srv.Close() }()
				stuck = time.After(closeTimeout)
			}
		case <-stuck:
			return fmt.Errorf("drain timeout: a request is still being handled after %v more", closeTimeout)
		case s := <-signals:
			return fmt.Errorf("second signal (%v): not drained", s)
		}
	}
	s := srv.Stats()
	log.Info("stopped", "connections", s.Accepted, "requests", s.Requests, "closed", s.Closed)
	return nil
}

func newHandler(w io.Writer, format string, level slog.Level) slog.Handler {
	o := &slog.HandlerOptions{Level: level}
	if format == "json" {
		return slog.NewJSONHandler(w, o)
	}
	return slog.NewTextHandler(w, o)
}
