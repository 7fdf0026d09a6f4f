package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/ioflavors/ioflavors/tools/internal/lab"
	"github.com/ioflavors/ioflavors/tools/internal/report"
)

type labCmd struct {
	Models   []string      `placeholder:"NAME" aliases:"only" help:"Measure these only: eventloop for all its variants, 'eventloop --loops 2' for one. Give it again, or separate names by commas."`
	Server   []string      `placeholder:"NAME=CMD" sep:"none" help:"Measure your own server as well. CMD starts it, without a shell and as one process, and has {addr} or {port} where it is to listen. Give it again for more."`
	Rounds   int           `placeholder:"N" help:"How often each server is started and measured (default 3; with --quick 1)."`
	Duration time.Duration `placeholder:"TIME" help:"How long each workload is measured in a round, 50ms to 5s (default 500ms; with --quick 200ms)."`
	Seed     uint64        `default:"1" help:"Makes the order of the servers and the sequences of requests (default ${default})."`
	Out      string        `default:"lab-out" placeholder:"DIR" type:"path" help:"Where results.json, report.html and its pictures go (default ${default})."`
	Quick    bool          `help:"A look in half a minute, which proves that everything works and measures little."`
	NoPin    bool          `help:"Do not give servers and load a core each."`
}

func (c *labCmd) Run(ctx context.Context) error {
	cfg, err := c.config()
	if err != nil {
		return &exitError{2, err.Error()}
	}
	results, err := lab.Run(ctx, cfg)
	if results == nil {
		return err
	}
	interrupted := errors.Is(err, context.Canceled)
	if err != nil && !interrupted {
		fmt.Fprintln(os.Stderr, "ioflavors:", err)
	}
	if reportErr := results.Report(os.Stdout, style(os.Stdout)); reportErr != nil {
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

func (c *labCmd) config() (lab.Config, error) {
	program, err := os.Executable()
	if err != nil {
		return lab.Config{}, err
	}
	subjects, err := lab.Select(lab.Models(program), c.Models)
	if err != nil {
		return lab.Config{}, err
	}
	for _, text := range c.Server {
		s, err := lab.ParseServer(text)
		if err != nil {
			return lab.Config{}, err
		}
		subjects = append(subjects, s)
	}
	rounds, duration := 3, 500*time.Millisecond
	if c.Quick {
		rounds, duration = 1, 200*time.Millisecond
	}
	return lab.Config{
		Subjects: subjects,
		Rounds:   cmp.Or(c.Rounds, rounds),
		Cell:     cmp.Or(c.Duration, duration),
		Seed:     c.Seed,
		NoPin:    c.NoPin,
		Progress: progress(os.Stderr),
	}, nil
}

// verdict returns an error if a server failed, so that a script notices.
func verdict(r *lab.Results) error {
	failed := r.Failed()
	if len(failed) == 0 {
		return nil
	}
	return &exitError{1, "errors, or not finished: " + strings.Join(failed, ", ")}
}

// progress writes lines, or on a terminal one that changes.
func progress(f *os.File) *lab.Progress {
	if !terminal(f) {
		return lab.NewProgress(f)
	}
	return lab.NewLiveProgress(f, func() int {
		columns, _, err := term.GetSize(int(f.Fd()))
		if err != nil || columns <= 0 {
			return 80
		}
		return columns
	})
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
