package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/ioflavors/ioflavors/tools/internal/compare"
	"github.com/ioflavors/ioflavors/tools/internal/folder"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/stdout"
)

type compareCmd struct {
	A         string   `arg:"" type:"path" help:"The run to compare with: its results.json, its folder, or a folder with several runs, for the latest of them."`
	B         string   `arg:"" type:"path" help:"The other run. A change is what is different in it."`
	Pair      []string `sep:"none" placeholder:"A=B" help:"Compare server A of the first run with server B of the second; both may be the same run. Repeat the flag for more servers."`
	FailAbove *change  `range:"0..1000" placeholder:"SHARE" help:"End with exit code 1 if a figure is worse by more than that, beyond the noise: 10%, or 0.1."`
	Absolute  bool     `help:"Leave in the changes what all servers have in common: the machine's own change, or a change of all programs."`
	Verbose   bool     `short:"v" help:"Show the figures that are equal, too, and those that were not judged."`
	JSON      bool     `name:"json" help:"Print everything as one JSON object."`
}

// Help is the additional text of compare --help.
func (*compareCmd) Help() string {
	return `A change counts if it is larger than the noise of both runs (docs/compare.md). Exit codes: 0 there is a comparison, whatever it says; ` +
		`1 with --fail-above, a figure is worse by more than that, or a server of both runs failed in B only, or no figure could be judged; ` +
		`or a run cannot be read, or the runs have no figure in common; 2 wrong flags.`
}

func (c *compareCmd) Run(ctx context.Context, out *stdout.Checked) error {
	var pairs []compare.Pair
	for _, text := range c.Pair {
		a, b, ok := strings.Cut(text, "=")
		if !ok || a == "" || b == "" {
			return usageError(fmt.Errorf("--pair: %q is no pair: want the names of two servers, as base=head", text))
		}
		pairs = append(pairs, compare.Pair{A: a, B: b})
	}
	var runs [2]*results.Results
	var files [2]string
	for i, of := range []string{c.A, c.B} {
		var err error
		if files[i], err = folder.Find(of, results.FileName); err != nil {
			return err
		}
		if runs[i], err = results.Read(ctx, files[i]); err != nil {
			return err
		}
	}
	o := compare.Options{FileA: files[0], FileB: files[1], OneRun: sameFile(files[0], files[1]), Absolute: c.Absolute, Pairs: pairs}
	found, err := compare.Compare(runs[0], runs[1], o)
	if err != nil {
		return err
	}
	if c.JSON {
		err = printJSON(out, found)
	} else {
		err = found.Report(out, style(out.File()), width(out.File()), c.Verbose)
	}
	if err != nil || c.FailAbove == nil {
		return err
	}
	return fails(found, float64(*c.FailAbove))
}

// fails returns an error if the second run is worse by more than limit, or says nothing.
func fails(found *compare.Comparison, limit float64) error {
	var reasons []string
	for _, b := range found.Broken {
		reasons = append(reasons, b.Server+" failed")
	}
	for _, f := range found.Worse(limit) {
		reasons = append(reasons, fmt.Sprintf("%s: %s %s", f.Server, f.Name(), f.ChangeText()))
	}
	if len(reasons) == 0 && found.Judged() == 0 {
		return &exitError{1, "no figure could be judged"}
	}
	if len(reasons) == 0 {
		if hidden, of := found.Hidden(limit); hidden > 0 {
			fmt.Fprintf(stderr(), "ioflavors: nothing is worse by more than %g %%, but in %d of %d figures the noise could hide such a change: measure on a quieter machine, or with more --rounds\n", 100*limit, hidden, of)
		}
		return nil
	}
	return &exitError{1, fmt.Sprintf("worse by more than %g %%: %s", 100*limit, strings.Join(reasons, "; "))}
}

// change is a relative change: 0.1 is 10 %.
type change float64

// Decode parses "10%" or "0.1".
func (c *change) Decode(ctx *kong.DecodeContext) error {
	var text string
	if err := ctx.Scan.PopValueInto("share", &text); err != nil {
		return err
	}
	number, percent := strings.CutSuffix(text, "%")
	x, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil {
		return fmt.Errorf("%q is no share: want 10%% or 0.1", text)
	}
	switch {
	case percent:
		x /= 100
	case x > 1 && x <= 1000: // 5 would be 500 %, and never fail
		return fmt.Errorf("%s: %g is %g %%: say %g%% or %g", text, x, 100*x, x, x/100)
	}
	*c = change(x)
	return nil
}
