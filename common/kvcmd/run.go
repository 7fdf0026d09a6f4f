// Package kvcmd is the main function of the servers' commands: flags, logging,
// signals, and a debug server if asked for.
//
// Exit codes: 0 after a clean end, 1 when the server could not start or was
// stopped the hard way, 2 for wrong flags, 3 where the model is not available
// (kvserver.ErrUnavailable).
package kvcmd

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/ioflavors/ioflavors/common/kvserver"
)

// DefaultAddr is where the servers listen: reachable from this machine only.
const DefaultAddr = "127.0.0.1:7070"

const (
	exitOK    = 0
	exitFail  = 1
	exitUsage = 2
	// ExitUnavailable says that this system cannot run the model.
	ExitUnavailable = 3
)

// Main runs a server's command and exits.
func Main(c kvserver.Command) {
	os.Exit(Run("kv-"+c.Model, c, os.Args[1:], os.Stdout, os.Stderr))
}

// Run runs a server's command with the given name and arguments until a signal
// ends it, and returns the exit code. The log goes to stderr.
func Run(name string, c kvserver.Command, args []string, stdout, stderr io.Writer) int {
	o, err := parse(name, c, args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, o.usage)
		return exitOK
	case err != nil:
		fmt.Fprintf(stderr, "%s: %v (--help lists the flags)\n", name, err)
		return exitUsage
	}
	o.Logger = newLogger(stderr, o.logFormat, o.logLevel)
	srv, err := o.server(o.Config)
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", name, err)
		if refused := new(net.OpError); errors.As(err, &refused) {
			return exitFail // the flags are right: the system has refused what they ask
		}
		return exitUsage
	}
	if err := o.run(c.Model, srv); err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", name, err)
		if errors.Is(err, kvserver.ErrUnavailable) {
			return ExitUnavailable
		}
		return exitFail
	}
	return exitOK
}

// options are what the command line says.
type options struct {
	kvserver.Config
	usage     string
	addr      string
	debugAddr string
	logFormat string
	logLevel  slog.Level
	server    func(kvserver.Config) (kvserver.Server, error)
}

func parse(name string, c kvserver.Command, args []string) (*options, error) {
	o := &options{}
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.StringVar(&o.addr, "addr", DefaultAddr, "`host:port` to listen on; port 0 takes a free one")
	o.Limits.DefineFlags(fs)
	fs.StringVar(&o.logFormat, "log-format", "text", "text or json")
	fs.TextVar(&o.logLevel, "log-level", slog.LevelInfo, "debug, info, warn or error")
	fs.StringVar(&o.debugAddr, "debug-addr", "", "`host:port` for expvar and pprof over HTTP; without a host, for this machine only (default off)")
	server := c.Flags(fs)

	var usage usageWriter
	fs.SetOutput(&usage)
	fs.Usage = func() {}
	err := fs.Parse(args)
	usage.print(name, c.Summary, fs)
	o.usage = usage.String()
	switch {
	case err != nil:
		return o, err
	case fs.NArg() > 0:
		return o, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	case o.logFormat != "text" && o.logFormat != "json":
		return o, fmt.Errorf("log format %q: want text or json", o.logFormat)
	}
	o.server = server
	if o.debugAddr != "" {
		err = CheckAddr("--debug-addr", o.debugAddr)
	}
	return o, cmp.Or(CheckAddr("--addr", o.addr), err)
}

// run serves until a signal comes: the first one drains, the second one ends
// the program at once.
func (o *options) run(model string, srv kvserver.Server) error {
	log := o.Logger
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)

	ln, err := kvserver.Listen(o.addr)
	if err != nil {
		return err
	}
	if o.debugAddr != "" {
		debug, err := serveDebug(o.debugAddr, srv)
		if err != nil {
			ln.Close()
			return err
		}
		defer debug.Close()
		log.Info("debug server", "url", "http://"+debug.Addr().String()+"/debug/")
	}
	log.Info("listening", "model", model, "addr", ln.Addr().String())

	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(ln) }()
	select {
	case err := <-ended:
		return err
	case s := <-signals:
		log.Info("draining", "signal", s.String(), "connections", srv.Stats().Active)
	}
	return o.drain(srv, signals)
}

func (o *options) drain(srv kvserver.Server, signals <-chan os.Signal) error {
	log := o.Logger
	patience := o.DrainTimeout
	if patience == 0 {
		patience = kvserver.DefaultDrainTimeout
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
	for draining := true; draining; {
		select {
		case <-progress.C:
			log.Info("draining", "connections", srv.Stats().Active)
		case err := <-drained:
			if err != nil {
				log.Warn("drain timeout: closing what is left", "connections", srv.Stats().Active)
				_ = srv.Close()
			}
			draining = false
		case s := <-signals:
			return fmt.Errorf("second signal (%v): not drained", s)
		}
	}
	s := srv.Stats()
	log.Info("stopped", "connections", s.Accepted, "requests", s.Requests, "closed", s.Closed)
	return nil
}

func newLogger(w io.Writer, format string, level slog.Level) *slog.Logger {
	o := &slog.HandlerOptions{Level: level}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}
