package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// event is a line of go test -json, with the fields that matter here.
type event struct {
	Action, Package, Test string
	Key, Value            string // of the action "attr"
	Output                string
}

// results are the results of a test run.
type results struct {
	variants []string // the columns, in order of appearance
	rows     []*row
	others   []*outcome // of tests that are not rows
	failed   []string   // tests and packages
}

// row is one of package proctest's rows, for all variants.
type row struct {
	number  int
	title   string
	names   []string            // of its figures, in order of appearance
	results map[string]*outcome // by variant
}

// outcome is the outcome of one test: its result, an action of go test such as
// "pass", and its figures.
type outcome struct {
	name, result string
	figures      map[string]string
	names        []string // of the figures, in order of appearance
}

func newOutcome(name string) *outcome { return &outcome{name: name, figures: make(map[string]string)} }

func (o *outcome) add(name, value string) {
	if old, ok := o.figures[name]; ok { // the figures of several runs, or parts, are all shown
		o.figures[name] = old + ", " + value
		return
	}
	o.names = append(o.names, name)
	o.figures[name] = value
}

// read reads events until their end. It writes to stderr the output of failed
// tests, and lines that are not events.
func read(in io.Reader, stderr io.Writer) (*results, error) {
	var r results
	said := make(map[[2]string][]string)
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			fmt.Fprintf(stderr, "%s\n", lines.Bytes())
			continue
		}
		test := [2]string{e.Package, e.Test}
		switch e.Action {
		case "build-output":
			fmt.Fprint(stderr, e.Output)
		case "output":
			said[test] = append(said[test], e.Output)
			if e.Test == "" && strings.HasPrefix(e.Output, "skipped: ") { // by scripts/netns.sh
				fmt.Fprintf(stderr, "%s: %s", path.Base(e.Package), e.Output)
				r.other(e).result = "skip"
			}
		case "attr":
			r.figure(e)
		case "pass", "fail", "skip":
			if e.Action == "fail" {
				fmt.Fprint(stderr, strings.Join(said[test], ""))
				r.failed = append(r.failed, otherName(e))
			}
			delete(said, test)
			r.result(e)
		}
	}
	slices.SortStableFunc(r.rows, func(a, b *row) int { return cmp.Compare(a.number, b.number) })
	slices.SortFunc(r.others, func(a, b *outcome) int { return cmp.Compare(a.name, b.name) })
	return &r, lines.Err()
}

// figure records a figure that a test, or a part of a row, has published.
func (r *results) figure(e event) {
	if row, variant, _ := r.row(e); row != nil {
		row.results[variant].add(e.Key, e.Value)
		if !slices.Contains(row.names, e.Key) {
			row.names = append(row.names, e.Key)
		}
		return
	}
	r.other(e).add(e.Key, e.Value)
}

// result records the result of a test. A test that is not a row is recorded
// only if it has figures or did not pass.
func (r *results) result(e event) {
	row, variant, part := r.row(e)
	switch {
	case row != nil && part == "":
		row.results[variant].result = e.Action
	case row == nil && e.Test != "" && (e.Action != "pass" || r.published(e)):
		r.other(e).result = e.Action
	}
}

// rowName is the name of a row's test, or of a part of it. (In test names
// spaces become underscores.)
var rowName = regexp.MustCompile(`^TestCommand/([^/]+)/row_(\d+):_([^/]+)(/.*)?$`)

// row returns the row, variant and part of an event; nil if the event does
// not belong to a row.
func (r *results) row(e event) (found *row, variant, part string) {
	m := rowName.FindStringSubmatch(e.Test)
	if m == nil {
		return nil, "", ""
	}
	variant = strings.TrimPrefix(path.Base(e.Package), "kv-")
	if options := spaces(m[1]); options != "no options" {
		variant += " " + options
	}
	if !slices.Contains(r.variants, variant) {
		r.variants = append(r.variants, variant)
	}
	number, _ := strconv.Atoi(m[2])
	title := spaces(m[3])
	i := slices.IndexFunc(r.rows, func(row *row) bool { return row.number == number && row.title == title })
	if i < 0 {
		i = len(r.rows)
		r.rows = append(r.rows, &row{number: number, title: title, results: make(map[string]*outcome)})
	}
	found = r.rows[i]
	if found.results[variant] == nil {
		found.results[variant] = newOutcome("")
	}
	return found, variant, m[4]
}

func (r *results) other(e event) *outcome {
	if i := r.indexOther(e); i >= 0 {
		return r.others[i]
	}
	o := newOutcome(otherName(e))
	r.others = append(r.others, o)
	return o
}

func (r *results) published(e event) bool { return r.indexOther(e) >= 0 }

func (r *results) indexOther(e event) int {
	return slices.IndexFunc(r.others, func(o *outcome) bool { return o.name == otherName(e) })
}

// otherName names a test by the last element of its package's path and its
// own name.
func otherName(e event) string { return strings.TrimSpace(path.Base(e.Package) + " " + spaces(e.Test)) }

func spaces(name string) string { return strings.ReplaceAll(name, "_", " ") }
