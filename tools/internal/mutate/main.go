// Command mutate changes the program in small ways, one at a time, and runs the tests
// that should notice. A mutation that no test notices survives. It is either
// equivalent (no behaviour that matters has changed) or shows a hole in the tests.
//
//	go run ./tools/internal/mutate            # 14 mutations of each target: about an hour
//	go run ./tools/internal/mutate -only common/session -per 0
//
// Each survivor has a verdict in survivors.txt, written by a person. The exit code is
// 1 if a survivor has no verdict, or if fewer than 90 % of the mutations that are not
// equivalent were killed. With -w the survivors of this run replace those of the same
// targets in the file, and keep their verdicts.
//
// The mutated file reaches the compiler through go test -overlay, so the working tree
// stays unchanged. The tester go-gremlins from the module proxy was no alternative:
// it copies one module and runs one package's own tests, but the models, which are
// other modules, test much of common.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/ioflavors/ioflavors/tools/internal/stdout"
)

// wanted is the least share of killed mutations among those that are not
// equivalent.
const wanted = 0.90

func main() {
	only := flag.String("only", "", "mutate this `folder` alone")
	per := flag.Int("per", 14, "try `n` mutations of each target, chosen by a hash of their names; 0: all")
	file := flag.String("survivors", "tools/internal/mutate/survivors.txt", "the `file` that has a verdict for each survivor")
	write := flag.Bool("w", false, "write the survivors to the file")
	jobs := flag.Int("j", 3, "try `n` mutations at a time; tests wait for much of their time")
	list := flag.Bool("list", false, "list the mutations, and run nothing")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	stdout.OutliveReaders()
	out, code := stdout.New(os.Stdout), 0
	if err := run(ctx, out, *only, *per, max(1, *jobs), *file, *write, *list); err != nil {
		fmt.Fprintln(stdout.Escaping(os.Stderr), "mutate:", err)
		code = 1
		if errors.Is(err, context.Canceled) {
			code = 130
		}
	}
	os.Exit(out.ExitCode("mutate", code, os.Stderr))
}

func run(ctx context.Context, out io.Writer, only string, per, jobs int, file string, write, list bool) error {
	known, err := readVerdicts(file)
	if err != nil {
		return err
	}
	var all []mutation
	var tried []string
	for _, t := range targets {
		if only != "" && only != t.folder {
			continue
		}
		found, err := t.mutations()
		if err != nil {
			return err
		}
		all = append(all, choose(found, per)...)
		tried = append(tried, t.folder)
	}
	if len(tried) == 0 {
		return fmt.Errorf("-only: there is no target %s", only)
	}
	if list {
		for _, m := range all {
			fmt.Fprintln(out, m)
		}
		fmt.Fprintln(out, len(all), "mutations")
		return nil
	}
	passed := make(map[string]bool)
	for i, m := range all {
		if i == 0 || m.target != all[i-1].target {
			fmt.Fprintf(out, "%s: its tests on the program as it is\n", m.target.folder)
			if err := m.target.whole(ctx, passed); err != nil {
				return err
			}
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	results, wait := tryAll(ctx, all, jobs)
	defer wait()
	defer cancel()
	var s score
	for i := range all {
		result := <-results[i]
		if result.err != nil {
			return result.err
		}
		s.count(all[i], result.fate, known)
		fmt.Fprintf(out, "%4d/%d %8s %5.1f s  %s\n", i+1, len(all), result.fate, result.took.Seconds(), all[i])
	}
	if write {
		if err := writeVerdicts(file, known.merge(tried, s.survivors)); err != nil {
			return err
		}
	}
	fmt.Fprint(out, s)
	return s.err()
}

// score is the result for the tried mutations.
type score struct {
	killed, equivalent, holes int
	survivors                 verdicts
	open                      []string // survivors without a verdict
}

func (s *score) count(m mutation, f fate, known verdicts) {
	switch f {
	case killed:
		s.killed++
	case survived:
		if s.survivors == nil {
			s.survivors = make(verdicts)
		}
		verdict := known[m.String()]
		s.survivors[m.String()] = verdict
		switch {
		case strings.HasPrefix(verdict, equivalent):
			s.equivalent++
		default:
			s.holes++
		}
		if verdict == "" {
			s.open = append(s.open, m.String())
		}
	}
}

func (s score) share() float64 { return float64(s.killed) / float64(max(1, s.killed+s.holes)) }

func (s score) String() string {
	text := fmt.Sprintf("%d mutations: %d killed, %d equivalent, %d holes: %.1f %% killed of the mutations that are not equivalent\n",
		s.killed+s.equivalent+s.holes, s.killed, s.equivalent, s.holes, 100*s.share())
	if len(s.open) > 0 {
		text += fmt.Sprintf("Without a verdict:\n  %s\n", strings.Join(s.open, "\n  "))
	}
	return text
}

func (s score) err() error {
	if len(s.open) > 0 {
		return fmt.Errorf("%d survivors have no verdict", len(s.open))
	}
	if s.share() < wanted {
		return fmt.Errorf("%.1f %% were killed; want %.0f %%", 100*s.share(), 100*wanted)
	}
	return nil
}
