// Command ioflavors runs, checks and measures key/value servers that differ in
// how they wait for the network.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

type cli struct {
	Lab    labCmd    `cmd:"" help:"Start every model, check it, load it, and print what each costs."`
	Advise adviseCmd `cmd:"" help:"Say which model suits your server: measure them under what you expect of it."`
	Report reportCmd `cmd:"" help:"Make the page of a lab run again, from its results.json."`
	Serve  serveCmd  `cmd:"" help:"Run one of the servers."`
	Load   loadCmd   `cmd:"" help:"Load a server, open or closed loop, and measure its answers."`
	Check  checkCmd  `cmd:"" help:"Check that a server, in any language, speaks the protocol."`
	Get    getCmd    `cmd:"" help:"Print the value of a key."`
	Put    putCmd    `cmd:"" help:"Store a value under a key."`

	NullServer nullCmd `cmd:"" hidden:"" help:"Answer this program's own load and do next to nothing for it."`
}

// exitError ends the program with a code of its own. Its message, if any, is
// the one line that the user reads.
type exitError struct {
	code int
	msg  string
}

func (e *exitError) Error() string { return e.msg }

func main() {
	os.Exit(run(os.Args[1:]))
}

func run(args []string) int {
	var c cli
	parser := kong.Must(&c,
		kong.Name("ioflavors"),
		kong.Description("One key/value protocol, several ways to wait for the network: run them, check them, measure them."),
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	k, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(os.Stderr, "ioflavors: %v (ioflavors --help lists what there is)\n", err)
		return 2
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	k.BindTo(ctx, (*context.Context)(nil))
	err = k.Run()
	var exit *exitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		if exit.msg != "" {
			fmt.Fprintln(os.Stderr, "ioflavors:", exit.msg)
		}
		return exit.code
	default:
		fmt.Fprintln(os.Stderr, "ioflavors:", err)
		return 1
	}
}
