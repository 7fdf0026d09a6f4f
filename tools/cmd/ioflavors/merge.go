package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ioflavors/ioflavors/tools/internal/folder"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/printable"
	"github.com/ioflavors/ioflavors/tools/internal/stdout"
)

type mergeCmd struct {
	Files []string `arg:"" name:"file" help:"The results: files with the output of load --json, two or more."`

	JSON bool   `help:"Print one JSON object, as load does, and nothing else on standard output."`
	HDR  string `type:"path" placeholder:"FILE" help:"Write the response times' percentiles to a file, as HdrHistogram's plotters read them, in µs."`
}

// Help is the additional text of merge --help.
func (*mergeCmd) Help() string {
	return `The result is that of one load: histograms are merged, because percentiles have no average, and rates, requests, errors and connections are added. ` +
		`load --start-at lets several machines measure at the same time: the measurements must have nine tenths of the longest one in common, or the result is void. ` +
		`It is also void if one of its parts is. Parts whose requests differ in kind are refused.` + "\n\n" +
		`Exit codes, as of load: 0 the result is valid; 1 there were errors, or no result; 2 wrong flags, or results that do not belong together; 3 the result is void.`
}

func (c *mergeCmd) Run(ctx context.Context, out *stdout.Checked) error {
	if len(c.Files) < 2 {
		return usageError(errors.New("one file is no merge: name the results of two load generators, or more"))
	}
	var parts []load.Part
	var seeds []*uint64
	for _, name := range c.Files {
		report, err := readLoadReport(ctx, name)
		if err != nil {
			return err
		}
		parts = append(parts, load.Part{Name: printable.Line(name), Result: report.Result})
		seeds = append(seeds, report.Seed)
	}
	for _, name := range c.Files {
		if c.HDR != "" && sameFile(name, c.HDR) {
			return usageError(fmt.Errorf("--hdr: %s is one of the results, which stay: name another file", c.HDR))
		}
	}
	hdr, err := openTarget(c.HDR)
	if err != nil {
		return err
	}
	defer hdr.close()
	result, err := load.MergeRuns(parts)
	if err != nil {
		return usageError(err)
	}
	lines, remark := mergedParts(parts), inStep(parts, seeds)
	if c.JSON {
		report := newLoadReport(result)
		report.Parts = lines
		err = json.NewEncoder(out).Encode(report)
		if remark != "" {
			fmt.Fprintln(stderr(), "ioflavors:", remark)
		}
	} else if err = writeLoad(out, result, lines...); err == nil && remark != "" {
		_, err = fmt.Fprintf(out, "\n%s\n", remark)
	}
	if err := errors.Join(err, hdr.writePercentiles(result.Response)); err != nil {
		return err
	}
	return loadVerdict(result)
}

// maxLoadReport is the longest output of load --json, in bytes. The longest series, of
// 36,000 steps, takes 2 MB.
const maxLoadReport = 64 << 20

// readLoadReport reads the output of load --json.
func readLoadReport(ctx context.Context, name string) (r loadReport, err error) {
	text, err := folder.ReadFile(ctx, name, maxLoadReport)
	if tooLong := new(folder.TooLongError); errors.As(err, &tooLong) {
		return r, fmt.Errorf("%s: not the output of load --json: %w", name, err)
	}
	if err != nil {
		return r, err
	}
	var known struct {
		Result *json.RawMessage `json:"result"`
	}
	if err = json.Unmarshal(text, &known); err == nil && known.Result == nil {
		err = errors.New("it has no result")
	}
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	switch {
	case err != nil && len(text) == 0:
		return r, fmt.Errorf("%s: not the output of load --json: it is empty; did that load fail?", name)
	case err != nil:
		return r, fmt.Errorf("%s: not the output of load --json: %w", name, err)
	case len(r.Parts) > 0:
		return r, fmt.Errorf("%s: it was merged already: name the results from which it was made", name)
	}
	return r, nil
}

// mergedPart is a result that became a part of another.
type mergedPart struct {
	File              string  `json:"file"`
	RequestsPerSecond float64 `json:"requests_per_second"`
	P99               float64 `json:"p99_us"` // 0: too few requests
	// Offset is how much later its window began than the first one.
	Offset  float64  `json:"offset_us"`
	Seconds float64  `json:"seconds"`
	Errors  int64    `json:"errors"`
	Valid   bool     `json:"valid"`
	Void    []string `json:"void"`
}

func mergedParts(parts []load.Part) (all []mergedPart) {
	first := parts[0].Result.Window.Began
	for _, p := range parts {
		if began := p.Result.Window.Began; began.Before(first) {
			first = began
		}
	}
	us := func(d time.Duration) float64 { return float64(d) / 1e3 }
	for _, p := range parts {
		r := p.Result
		all = append(all, mergedPart{
			File: p.Name, RequestsPerSecond: r.Rate, P99: us(r.Response.P99), Offset: us(r.Window.Began.Sub(first)),
			Seconds: r.Seconds, Errors: r.Errors.Count(), Valid: len(r.Void) == 0, Void: append([]string{}, r.Void...),
		})
	}
	return all
}

// writeParts prints a line for each part.
func writeParts(w io.Writer, parts []mergedPart) {
	wide := len("part")
	for _, p := range parts {
		wide = max(wide, utf8.RuneCountInString(p.File))
	}
	fmt.Fprintf(w, "%-*s %10s %9s %7s %12s %8s\n", wide, "part", "requests/s", "p99", "errors", "began after", "measured")
	for _, p := range parts {
		p99 := "–"
		if p.P99 > 0 {
			p99 = fmt.Sprintf("%.1f", p.P99)
		}
		state := ""
		if !p.Valid {
			state = "  VOID"
		}
		fmt.Fprintf(w, "%-*s %10s %9s %7d %9.3f ms %6.1f s%s\n", wide, p.File, perSecond(p.RequestsPerSecond), p99, p.Errors, p.Offset/1e3, p.Seconds, state)
	}
}

// inStep says that the requests of several open loops were due at the same moments, or "".
// Then they came in bursts, which one load with the sum of the rates would not have.
func inStep(parts []load.Part, seeds []*uint64) string {
	if !parts[0].Result.Workload.Open() {
		return ""
	}
	const bursts = "so that they came in bursts, and waited for each other"
	if parts[0].Result.Workload.Arrivals == load.Constant {
		return "Note: with --arrivals constant the requests of all parts are due in step, " + bursts + ". Arrivals at random do not have this fault."
	}
	of := make(map[uint64][]string)
	for i, seed := range seeds {
		if seed != nil {
			of[*seed] = append(of[*seed], parts[i].Name)
		}
	}
	for i, seed := range seeds { // in the order of the files
		if seed != nil && len(of[*seed]) > 1 && of[*seed][0] == parts[i].Name {
			return fmt.Sprintf("Note: %s had the same --seed, and at the same rate their requests were due at the same moments, %s. Give each machine a seed of its own.",
				strings.Join(of[*seed], " and "), bursts)
		}
	}
	return ""
}
