// Command ioflavors runs, checks and measures key/value servers that differ in
// how they wait for the network.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/ioflavors/ioflavors/tools/internal/experiments"
	"github.com/ioflavors/ioflavors/tools/internal/models"
	"github.com/ioflavors/ioflavors/tools/internal/self"
	"github.com/ioflavors/ioflavors/tools/internal/stdout"
)

type cli struct {
	Lab     labCmd     `cmd:"" help:"Start every model, check it, load it, and print its costs."`
	Advise  adviseCmd  `cmd:"" help:"Measure the models under the load that you expect, and recommend one."`
	Report  reportCmd  `cmd:"" help:"Make the page of a lab run again, from its results.json."`
	Compare compareCmd `cmd:"" help:"Print what changed between two lab runs, beyond the noise of both."`
	Serve   serveCmd   `cmd:"" help:"Run one of the servers."`
	Load    loadCmd    `cmd:"" help:"Load a server, open or closed loop, and measure its answers."`
	Merge   mergeCmd   `cmd:"" help:"Merge the results of several load generators, on several machines."`
	Check   checkCmd   `cmd:"" help:"Check that a server, in any language, keeps the rules of its protocol."`
	Get     getCmd     `cmd:"" help:"Print the value of a key."`
	Put     putCmd     `cmd:"" help:"Store a value under a key."`

	NullServer nullCmd `cmd:"" hidden:"" help:"Answer this program's own load and do next to nothing for it."`
}

// exitError ends the program with its own exit code. Its message, if any, is
// the only line for the user.
type exitError struct {
	code int
	msg  string
}

func (e *exitError) Error() string { return e.msg }

// usageError is the error for an invalid flag or argument. It takes one line, even
// if several errors are joined in err.
func usageError(err error) error {
	return &exitError{2, strings.ReplaceAll(err.Error(), "\n", "; ")}
}

func main() {
	os.Exit(run(os.Args[1:]))
}

// stderr is standard error, for all messages.
func stderr() io.Writer { return stdout.Escaping(os.Stderr) }

func run(args []string) int {
	defer stdout.OutliveReaders()()
	out := stdout.New(os.Stdout)
	return out.ExitCode("ioflavors", runCommand(args, out), stderr())
}

func runCommand(args []string, out *stdout.Checked) int {
	var c cli
	parser, helped := newParser(&c, out)
	k, err := parser.Parse(args)
	if *helped {
		return 0
	}
	if err == nil {
		err = checkRanges(k)
	}
	if err == nil {
		err = checkBeside(k)
	}
	if err != nil {
		fmt.Fprintf(stderr(), "ioflavors: %v (%s)\n", err, helpFor(k, err))
		return 2
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends a call that ignores the context
	k.BindTo(ctx, (*context.Context)(nil))
	k.Bind(out)
	err = k.Run()
	var exit *exitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		if exit.msg != "" {
			fmt.Fprintln(stderr(), "ioflavors:", exit.msg)
		}
		return exit.code
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr(), "ioflavors: interrupted")
		return 130
	default:
		fmt.Fprintln(stderr(), "ioflavors:", err)
		return 1
	}
}

// newParser returns the parser of the command line. After parsing, helped says
// whether it has shown the help.
func newParser(c *cli, out *stdout.Checked) (parser *kong.Kong, helped *bool) {
	helped = new(bool)
	return kong.Must(c,
		kong.Name(self.String()),
		kong.Description("Several ways to wait for the network: run servers that differ in nothing else, check and measure them, and servers of your own."),
		helpNames(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.ValueFormatter(helpWithRange),
		kong.Writers(out, stderr()),
		kong.Exit(func(int) { *helped = true }),
	), helped
}

// helpNames are the names that help texts list.
func helpNames() kong.Vars {
	ids, names := experiments.IDs(), models.Names()
	last := len(names) - 1
	return kong.Vars{
		"models": strings.Join(names[:last], ", ") + " or " + names[last],
		"claims": ids[0] + " to " + ids[len(ids)-1],
	}
}

// helpFor names the help that lists the flags of the intended command, or
// the commands.
func helpFor(k *kong.Context, err error) string {
	var wrong *kong.ParseError
	if errors.As(err, &wrong) {
		k = wrong.Context
	}
	if k != nil {
		if command := k.Selected(); command != nil {
			return fmt.Sprintf("%s %s --help lists the flags", self.String(), command.Name)
		}
	}
	return self.String() + " --help lists the commands"
}
